import { ENOMEM, ENOTTY } from 'linux/errno'
import type { file, file_operations, inode } from 'linux/fs'
import { MISC_DYNAMIC_MINOR, misc_deregister, misc_register, miscdevice } from 'linux/miscdevice'
import {
  mmu_notifier, mmu_notifier_register, mmu_notifier_unregister, type mmu_notifier_ops,
} from 'linux/mmu_notifier'
import { container_of } from 'linux/container_of'
import { module_exit, module_init, module_param, THIS_MODULE } from 'linux/module'
import { pr_info } from 'linux/printk'
import { current } from 'linux/sched'
import type { mm_struct } from 'linux/sched/mm'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { fault_later, faults_exit } from './faults'
import { engine, engine_bind, engine_fault_everything, engine_start, engine_stop } from './engine'

class bond {
  notifier = new mmu_notifier()
  engine = new engine()
  mm: mm_struct | null = null
}

const design = module_param('design', 'fault' as string, 0o444)

/** The program is gone: either everything faults, or the queue is stopped in order. */
function bond_release(n: mmu_notifier, mm: mm_struct) {
  const b = container_of(n, bond, 'notifier')
  if (design.value === 'stop') engine_stop(b.engine)
  engine_fault_everything(b.engine)
}

/** Any change takes the page away; a real card would ask for it again. */
function bond_start(n: mmu_notifier) {
  engine_fault_everything(container_of(n, bond, 'notifier').engine)
  return 0
}

const bond_ops: mmu_notifier_ops = { release: bond_release, invalidate_range_start: bond_start }

function sva_open(ino: inode, filp: file) {
  const b = kzalloc(bond, GFP_KERNEL)
  if (!b) return -ENOMEM
  b.notifier.ops = bond_ops
  filp.private_data = b
  return 0
}

function sva_ioctl(filp: file, cmd: number, addr: number) {
  const b = filp.private_data as bond
  if (cmd !== 1 || b.mm) return -ENOTTY
  const ret = mmu_notifier_register(b.notifier, current.mm!)
  if (ret) return ret
  b.mm = b.notifier.mm
  fault_later(b.mm!)
  engine_start(b.engine)
  return engine_bind(b.engine, addr)
}

/** The descriptor is closed, after the memory: now the queue is stopped in order. */
function sva_release(ino: inode, filp: file) {
  const b = filp.private_data as bond
  engine_stop(b.engine)
  if (b.mm) mmu_notifier_unregister(b.notifier, b.mm)
  const { writes, faults } = b.engine
  pr_info('sva: the card wrote %s, and faulted %s\n', writes ? 'on' : 'never', faults ? 'on' : 'never')
  kfree(b)
  return 0
}

const sva_fops: file_operations = {
  owner: THIS_MODULE, open: sva_open, unlocked_ioctl: sva_ioctl, release: sva_release,
}
const sva_misc = new miscdevice({ minor: MISC_DYNAMIC_MINOR, name: 'sva', fops: sva_fops })

module_init(function sva_init() {
  return misc_register(sva_misc)
})
module_exit(function sva_exit() {
  misc_deregister(sva_misc)
  faults_exit()
})
