import { ESRCH } from 'linux/errno'
import { fget, flush_delayed_fput } from 'linux/file'
import { file, fput, inode, type file_operations } from 'linux/fs'
import { init_task_work, callback_head, task_work_add, task_work_cancel, task_work_cancel_func, task_work_pending, TWA_NONE, TWA_RESUME } from 'linux/task_work'
import { kthread_run, kthread_stop, kthread_should_stop } from 'linux/kthread'
import { misc_deregister, misc_register, MISC_DYNAMIC_MINOR, miscdevice } from 'linux/miscdevice'
import { THIS_MODULE } from 'linux/module'
import { current, type task_struct } from 'linux/sched'
import { msleep } from 'linux/delay'
import { KLAB, KLAB_PROBE_EXIT } from './klab'

const works = [new callback_head(), new callback_head(), new callback_head()]
let held: file | null = null
let opener: task_struct | null = null

function first(w: callback_head) {
  KLAB('work', 'n=%d pid_same=%d', works.indexOf(w), current === opener)
}
function again(w: callback_head) {
  KLAB('work', 'again n=%d', works.indexOf(w))
  init_task_work(w, first)
  KLAB('work', 'readd=%d', task_work_add(current, w, TWA_RESUME))
}
function op(i: inode, f: file) {
  opener = current
  return 0
}
function rl(i: inode, f: file) {
  KLAB('release', 'same_task=%d', current === opener)
  return 0
}
function dropper(f: file) {
  fput(f)
  KLAB('kthread', 'after_fput=1')
  flush_delayed_fput()
  KLAB('kthread', 'flushed=1')
  while (!kthread_should_stop()) msleep(1)
  return 0
}
function io(f: file, cmd: number, arg: number) {
  switch (cmd) {
    case 1:
      init_task_work(works[0]!, first)
      init_task_work(works[1]!, again)
      init_task_work(works[2]!, first)
      KLAB('ioctl', 'pending=%d', task_work_pending(current))
      for (const w of works) KLAB('ioctl', 'add=%d', task_work_add(current, w, TWA_RESUME))
      KLAB('ioctl', 'pending=%d', task_work_pending(current))
      return 0
    case 2:
      for (const w of works) init_task_work(w, first)
      for (const w of works) task_work_add(current, w, TWA_NONE)
      KLAB('ioctl', 'cancel=%d', task_work_cancel(current, works[2]!))
      KLAB('ioctl', 'cancel=%d', task_work_cancel(current, works[2]!))
      KLAB('ioctl', 'func=%d', works.indexOf(task_work_cancel_func(current, first)!))
      KLAB('ioctl', 'other=%d', task_work_cancel_func(current, again) === null)
      return 0
    case 3: {
      held = fget(arg)
      KLAB('ioctl', 'fget=%d', held !== null)
      return 0
    }
    case 4:
      fput(held!)
      KLAB('ioctl', 'after_fput=1')
      return 0
    case 5: {
      const t = kthread_run(dropper, held!, 'dropper')
      msleep(20)
      KLAB('ioctl', 'stop=%d', kthread_stop(t))
      return 0
    }
  }
  return -ESRCH
}
const fo: file_operations = { owner: THIS_MODULE, open: op, release: rl, unlocked_ioctl: io }
const md = new miscdevice({ minor: MISC_DYNAMIC_MINOR, name: 'klabtw', fops: fo })
function probe() {
  KLAB('misc', 'register=%d', misc_register(md))
}
function bye() {
  misc_deregister(md)
  KLAB('exit', 'called=1')
}
KLAB_PROBE_EXIT('task-work', probe, bye)
