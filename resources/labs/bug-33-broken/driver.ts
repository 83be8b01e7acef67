import { container_of } from 'linux/container_of'
import { dma_fence, dma_fence_context_alloc, dma_fence_init, dma_fence_put, dma_fence_signal, type dma_fence_ops } from 'linux/dma-fence'
import { ENOMEM, ENOTTY } from 'linux/errno'
import { fd_install, get_unused_fd_flags, put_unused_fd } from 'linux/file'
import { type file, type file_operations, type inode } from 'linux/fs'
import { msecs_to_jiffies } from 'linux/jiffies'
import { misc_deregister, misc_register, MISC_DYNAMIC_MINOR, miscdevice } from 'linux/miscdevice'
import { module_exit, module_init, THIS_MODULE } from 'linux/module'
import { rcu_barrier } from 'linux/rcupdate'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { spin_lock_init, spinlock_t } from 'linux/spinlock'
import { sync_file_create } from 'linux/sync_file'
import { delayed_work, flush_delayed_work, INIT_DELAYED_WORK, schedule_delayed_work, to_delayed_work, type work_struct } from 'linux/workqueue'

const SUBMIT = 1

/** What a program opens: one queue of jobs, whose fences are one timeline. */
class exec_queue {
  name = ''
  lock = new spinlock_t()
  context = 0
  seqno = 0
  pending: job | null = null
  engine = new delayed_work()
}

class job {
  fence = new dma_fence()
  queue!: exec_queue
}

const job_of = (fence: dma_fence) => container_of(fence, job, 'fence')

const job_fence_ops: dma_fence_ops = {
  get_driver_name: () => 'gpu',
  get_timeline_name: (fence) => job_of(fence).queue.name,
}

/** The engine has finished the job. */
function engine_done(work: work_struct) {
  const q = container_of(to_delayed_work(work), exec_queue, 'engine')
  const j = q.pending!
  q.pending = null
  dma_fence_signal(j.fence)
  dma_fence_put(j.fence)
}

function submit(q: exec_queue): number {
  flush_delayed_work(q.engine) // one job at a time
  const j = kzalloc(job, GFP_KERNEL)
  if (!j) return -ENOMEM
  j.queue = q
  dma_fence_init(j.fence, job_fence_ops, q.lock, q.context, ++q.seqno)
  const fd = get_unused_fd_flags(0)
  const sync = fd < 0 ? null : sync_file_create(j.fence)
  if (!sync) {
    if (fd >= 0) put_unused_fd(fd)
    dma_fence_put(j.fence)
    return fd < 0 ? fd : -ENOMEM
  }
  q.pending = j
  schedule_delayed_work(q.engine, msecs_to_jiffies(8))
  fd_install(fd, sync.file!)
  return fd
}

function gpu_open(node: inode, filp: file) {
  const q = kzalloc(exec_queue, GFP_KERNEL)
  if (!q) return -ENOMEM
  q.name = 'queue0'
  q.context = dma_fence_context_alloc(1)
  spin_lock_init(q.lock)
  INIT_DELAYED_WORK(q.engine, engine_done)
  filp.private_data = q
  return 0
}

function gpu_release(node: inode, filp: file) {
  const q: exec_queue = filp.private_data
  flush_delayed_work(q.engine)
  kfree(q) // all its fences are signaled
  return 0
}

function gpu_ioctl(filp: file, cmd: number, arg: any): number {
  return cmd === SUBMIT ? submit(filp.private_data) : -ENOTTY
}

const gpu_fops: file_operations = {
  owner: THIS_MODULE,
  open: gpu_open,
  release: gpu_release,
  unlocked_ioctl: gpu_ioctl,
}
const gpu_misc = new miscdevice()

function gpu_init() {
  gpu_misc.minor = MISC_DYNAMIC_MINOR
  gpu_misc.name = 'gpu'
  gpu_misc.fops = gpu_fops
  return misc_register(gpu_misc)
}

function gpu_exit() {
  misc_deregister(gpu_misc)
  rcu_barrier() // fences are freed behind a grace period
}

module_init(gpu_init)
module_exit(gpu_exit)
