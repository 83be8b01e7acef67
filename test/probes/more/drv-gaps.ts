import { device, device_add, device_create_bin_file, device_initialize, device_move, device_remove_bin_file, DPM_ORDER_NONE, root_device_register, root_device_unregister, dev_set_name, device_unregister, put_device } from 'linux/device'
import { lockdep_off, lockdep_on } from 'linux/lockdep'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from 'linux/mutex'
import { current } from 'linux/sched'
import { raw_smp_processor_id } from 'linux/smp'
import { BIN_ATTR_RO, BIN_ATTR_RW, type bin_attribute } from 'linux/sysfs'
import { cpumask_of } from 'linux/cpumask'
import { alloc_workqueue, alloc_workqueue_attrs, apply_workqueue_attrs, destroy_workqueue, flush_work, free_workqueue_attrs, INIT_WORK, queue_work, work_struct, WQ_PERCPU, WQ_SYSFS, WQ_UNBOUND, type workqueue_struct } from 'linux/workqueue'
import { KLAB, KLAB_PROBE_EXIT } from './klab'

const regs = new Uint8Array(8)
let parent: device
let other: device
const child = new device()
let wq: workqueue_struct
let bound: workqueue_struct

function regs_read(filp: any, kobj: any, attr: bin_attribute, buf: Uint8Array, off: number, count: number) {
  KLAB('read', 'off=%lld count=%zu', off, count)
  buf.set(regs.subarray(off, off + count))
  return count
}
function regs_write(filp: any, kobj: any, attr: bin_attribute, buf: Uint8Array, off: number, count: number) {
  KLAB('write', 'off=%lld count=%zu', off, count)
  regs.set(buf.subarray(0, count), off)
  return count
}
const bin_attr_regs = BIN_ATTR_RW('regs', regs_read, regs_write, 8)
const bin_attr_rom = BIN_ATTR_RO('rom', regs_read, 0)
function child_release(dev: device) {
  KLAB('child', 'release=1')
}
const where = new work_struct()
let cpu = -1
function where_fn(w: work_struct) {
  cpu = raw_smp_processor_id()
}
const a = DEFINE_MUTEX('a')
const b = DEFINE_MUTEX('b')
function probe() {
  parent = root_device_register('klabp')
  other = root_device_register('klabq')
  device_initialize(child)
  child.parent = parent
  child.release = child_release
  dev_set_name(child, 'kid')
  KLAB('child', 'add=%d', device_add(child))
  KLAB('bin', 'create=%d', device_create_bin_file(child, bin_attr_regs))
  KLAB('bin', 'rom=%d', device_create_bin_file(child, bin_attr_rom))
  KLAB('move', 'ret=%d parent=%d', device_move(child, other, DPM_ORDER_NONE), child.parent === other)

  wq = alloc_workqueue('klabwq', WQ_UNBOUND | WQ_SYSFS, 3)!
  bound = alloc_workqueue('klabpc', WQ_PERCPU | WQ_SYSFS, 0)!
  const attrs = alloc_workqueue_attrs()!
  attrs.cpumask = cpumask_of(1)
  attrs.nice = -5
  KLAB('attrs', 'unbound=%d', apply_workqueue_attrs(wq, attrs))
  KLAB('attrs', 'bound=%d', apply_workqueue_attrs(bound, attrs))
  free_workqueue_attrs(attrs)
  INIT_WORK(where, where_fn)
  for (let i = 0; i < 3; i++) {
    cpu = -1
    queue_work(wq, where)
    flush_work(where)
    KLAB('work', 'cpu=%d', cpu)
  }
  mutex_lock(a)
  mutex_lock(b)
  mutex_unlock(b)
  mutex_unlock(a)
  lockdep_off()
  mutex_lock(b)
  mutex_lock(a)
  mutex_unlock(a)
  mutex_unlock(b)
  lockdep_on()
  KLAB('lockdep', 'quiet=1')
  mutex_lock(b)
  mutex_lock(a)
  mutex_unlock(a)
  mutex_unlock(b)
  KLAB('lockdep', 'spoke=1')
}
function bye() {
  destroy_workqueue(wq)
  destroy_workqueue(bound)
  device_remove_bin_file(child, bin_attr_regs)
  device_unregister(child)
  root_device_unregister(other)
  root_device_unregister(parent)
  KLAB('exit', 'called=1')
}
KLAB_PROBE_EXIT('drv-gaps', probe, bye)
