import { cpu_relax } from 'linux/processor'
import { IS_ERR } from 'linux/err'
import { ktime_add_ms, ktime_before, ktime_get } from 'linux/ktime'
import { kthread_bind, kthread_create } from 'linux/kthread'
import { module_exit, module_init } from 'linux/module'
import { KERN_NOTICE, printk } from 'linux/printk'
import { get_task_struct, wake_up_process, type task_struct } from 'linux/sched'
import { usleep_range } from 'linux/delay'

/** What all probes share, as the header of the recorded ones. */
let id = 'klab'

export function KLAB_ID(name: string) {
  id = name
}

export function KLAB(step: string, fmt: string, ...args: unknown[]) {
  printk(KERN_NOTICE + 'KLAB %s %s ' + fmt + '\n', id, step, ...args)
}

export function klab_spin_ms(ms: number) {
  const end = ktime_add_ms(ktime_get(), ms)
  while (ktime_before(ktime_get(), end)) cpu_relax()
}

export function KLAB_PROBE(name: string, fn: () => void) {
  KLAB_ID(name)
  module_init(function klab_init() {
    KLAB('begin', 'ctx=init')
    fn()
    KLAB('end', 'ctx=init')
    return 0
  })
}

export function KLAB_PROBE_EXIT(name: string, fn: () => void, exitfn: () => void) {
  module_exit(function klab_exit() {
    exitfn()
  })
  KLAB_PROBE(name, fn)
}

/** Waits at most two seconds. */
export function KLAB_UNTIL(cond: () => unknown) {
  let n = 0
  while (!cond() && n++ < 2000) usleep_range(900, 1100)
}

export function klab_on<T>(cpu: number, fn: (arg: T) => number, arg: T): task_struct {
  const t = kthread_create(fn, arg, 'klab/%d', cpu)
  if (IS_ERR(t)) return t
  kthread_bind(t, cpu)
  get_task_struct(t)
  wake_up_process(t)
  return t
}
