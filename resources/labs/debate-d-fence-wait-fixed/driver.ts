import { container_of } from 'linux/container_of'
import {
  dma_fence, dma_fence_begin_signalling, dma_fence_context_alloc, dma_fence_end_signalling,
  dma_fence_get, dma_fence_init, dma_fence_put, dma_fence_signal, dma_fence_wait,
  type dma_fence_ops,
} from 'linux/dma-fence'
import { ENOMEM, ENOTTY } from 'linux/errno'
import type { file, file_operations, inode } from 'linux/fs'
import { MISC_DYNAMIC_MINOR, miscdevice, module_misc_device } from 'linux/miscdevice'
import {
  mmu_interval_notifier, mmu_interval_notifier_insert, mmu_interval_notifier_remove,
  mmu_interval_set_seq, type mmu_interval_notifier_ops, type mmu_notifier_range,
} from 'linux/mmu_notifier'
import { THIS_MODULE } from 'linux/module'
import { current } from 'linux/sched'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { DEFINE_SPINLOCK } from 'linux/spinlock'
import { cancel_work_sync, INIT_WORK, schedule_work, work_struct } from 'linux/workqueue'

interface bind {
  addr: number
  size: number
}

const job_ops: dma_fence_ops = {
  get_driver_name: () => 'gpu',
  get_timeline_name: () => 'queue',
}

class job_state {
  steps = 0
}

class queue {
  notifier = new mmu_interval_notifier()
  work = new work_struct()
  lock = DEFINE_SPINLOCK('queue.lock')
  fence: dma_fence | null = null
  state: job_state | null = null
  bound = false
}

/** Runs the job. Until its fence is signalled, those who free memory may be waiting for it. */
function queue_run(work: work_struct) {
  const q = container_of(work, queue, 'work')
  const cookie = dma_fence_begin_signalling()
  q.state!.steps++
  dma_fence_signal(q.fence!)
  dma_fence_end_signalling(cookie)
}

/** Pages go: the job that uses them must be over first. */
function queue_invalidate(mni: mmu_interval_notifier, range: mmu_notifier_range, seq: number) {
  const q = container_of(mni, queue, 'notifier')
  mmu_interval_set_seq(mni, seq)
  if (q.fence) dma_fence_wait(q.fence, false)
  return true
}
const queue_notifier_ops: mmu_interval_notifier_ops = { invalidate: queue_invalidate }

function queue_submit(q: queue, arg: bind) {
  const { notifier } = q
  const ret = mmu_interval_notifier_insert(notifier, current.mm!, arg.addr, arg.size, queue_notifier_ops)
  if (ret) return ret
  q.bound = true
  // all that the job will need is here before anybody can wait for it
  q.state = kzalloc(job_state, GFP_KERNEL)
  if (!q.state) return -ENOMEM
  const fence = kzalloc(dma_fence, GFP_KERNEL)
  if (!fence) return -ENOMEM
  dma_fence_init(fence, job_ops, q.lock, dma_fence_context_alloc(1), 1)
  q.fence = dma_fence_get(fence)
  schedule_work(q.work)
  dma_fence_put(fence)
  return 0
}

function queue_open(ino: inode, filp: file) {
  const q = kzalloc(queue, GFP_KERNEL)
  if (!q) return -ENOMEM
  INIT_WORK(q.work, queue_run)
  filp.private_data = q
  return 0
}

function queue_ioctl(filp: file, cmd: number, arg: bind) {
  const q = filp.private_data as queue
  return cmd === 1 && !q.bound ? queue_submit(q, arg) : -ENOTTY
}

function queue_release(ino: inode, filp: file) {
  const q = filp.private_data as queue
  cancel_work_sync(q.work)
  if (q.bound) mmu_interval_notifier_remove(q.notifier)
  if (q.fence) dma_fence_put(q.fence)
  kfree(q.state)
  kfree(q)
  return 0
}

const queue_fops: file_operations = {
  owner: THIS_MODULE, open: queue_open, unlocked_ioctl: queue_ioctl as never, release: queue_release,
}
module_misc_device(new miscdevice({ minor: MISC_DYNAMIC_MINOR, name: 'gpu', fops: queue_fops }))
