import { GFP_KERNEL, kfree, kmalloc } from 'linux/slab'
import { module_exit, module_init } from 'linux/module'
import { ENOMEM } from 'linux/errno'

const LOW_MEMORY = 24 * 1024 * 1024

/** Uses up the memory at low addresses, as a running system has. */
let low: Uint8Array | null = null

module_init(function hog_init() {
  low = kmalloc(LOW_MEMORY, GFP_KERNEL)
  return low ? 0 : -ENOMEM
})
module_exit(function hog_exit() {
  kfree(low)
})
