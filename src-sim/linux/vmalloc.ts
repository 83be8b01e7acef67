/** Memory that need not be physically contiguous: `linux/vmalloc`. */
export { vfree, vmalloc, vzalloc } from './slab'
