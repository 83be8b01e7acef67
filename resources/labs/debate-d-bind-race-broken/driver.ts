import { ENOMEM, ENOTTY } from 'linux/errno'
import type { file, file_operations, inode } from 'linux/fs'
import { MISC_DYNAMIC_MINOR, miscdevice, module_misc_device } from 'linux/miscdevice'
import {
  mmu_notifier, mmu_notifier_register, mmu_notifier_unregister, type mmu_notifier_ops,
} from 'linux/mmu_notifier'
import { container_of } from 'linux/container_of'
import { THIS_MODULE } from 'linux/module'
import { pr_info } from 'linux/printk'
import { current } from 'linux/sched'
import type { mm_struct } from 'linux/sched/mm'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { flush_work, INIT_WORK, schedule_work, work_struct } from 'linux/workqueue'
import { engine, engine_bind, engine_fault_everything, engine_start, engine_stop } from './engine'

class bond {
  work = new work_struct()
  addr = 0
  notifier = new mmu_notifier()
  engine = new engine()
  mm: mm_struct | null = null
}

/** The program is gone. The queue runs on; whatever it asks for, it gets a fault. */
function bond_release(n: mmu_notifier, mm: mm_struct) {
  engine_fault_everything(container_of(n, bond, 'notifier').engine)
}

/** Any change takes the page away; a real card would ask for it again. */
function bond_start(n: mmu_notifier) {
  engine_fault_everything(container_of(n, bond, 'notifier').engine)
  return 0
}

const bond_ops: mmu_notifier_ops = { release: bond_release, invalidate_range_start: bond_start }

/** Binds without the program waiting. The notifier keeps the address space, one might think. */
function bond_work(work: work_struct) {
  const b = container_of(work, bond, 'work')
  engine_bind(b.engine, b.mm!, b.addr)
}

function sva_open(ino: inode, filp: file) {
  const b = kzalloc(bond, GFP_KERNEL)
  if (!b) return -ENOMEM
  b.notifier.ops = bond_ops
  INIT_WORK(b.work, bond_work)
  filp.private_data = b
  return 0
}

function sva_ioctl(filp: file, cmd: number, addr: number) {
  const b = filp.private_data as bond
  if (cmd !== 1 || b.mm) return -ENOTTY
  const ret = mmu_notifier_register(b.notifier, current.mm!)
  if (ret) return ret
  b.mm = b.notifier.mm
  b.addr = addr
  engine_start(b.engine)
  schedule_work(b.work)
  return 0
}

/** The descriptor is closed, after the memory: now the queue is stopped in order. */
function sva_release(ino: inode, filp: file) {
  const b = filp.private_data as bond
  flush_work(b.work)
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
module_misc_device(new miscdevice({ minor: MISC_DYNAMIC_MINOR, name: 'sva', fops: sva_fops }))
