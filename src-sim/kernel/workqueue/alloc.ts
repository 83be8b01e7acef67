import { machine as currentMachine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { point, type Sim } from '../../engine/suspend'
import { memoryAccess } from '../mm/watch'
import { slab } from '../mm/slab'
import { vsprintf } from '../printk/format'
import { kernelLog } from '../printk/log'
import { warn } from '../printk/warn'
import { contextState } from '../sched/context'
import { hideQueue, showQueue } from './attributes'
import { flushWorkqueue } from './flush'
import { rescuerThread } from './rescuer'
import {
  DESTROYING, DRAINING, ORDERED, workqueue_struct, WQ_BH, WQ_HIGHPRI, WQ_MEM_RECLAIM, WQ_PERCPU,
  WQ_SYSFS, WQ_UNBOUND,
} from './structs'
import { DEFAULT_ACTIVE, MAX_ACTIVE, workqueues } from './workqueues'

const STRUCT_BYTES = 512

/** alloc_workqueue: null when the flags contradict each other or memory is exhausted. */
export function allocWorkqueue(
  format: string,
  flags: number,
  maxActive: number,
  args: readonly unknown[],
): workqueue_struct | null {
  const machine = currentMachine()
  const all = workqueues(machine)
  const name = vsprintf(machine, format, args)
  if (flags & WQ_BH) {
    if (flags & ~(WQ_BH | WQ_HIGHPRI | WQ_PERCPU) || maxActive !== 0) {
      warnOnce(machine, 'bh', 'wq-bh-flags', null)
      return null
    }
  }
  const checked = checkKind(machine, name, flags)
  const limit = clampActive(machine, name, maxActive)
  const wq = new workqueue_struct(name, checked, limit)
  if (slab(machine).alloc(wq, STRUCT_BYTES) === null) return null
  all.connect(wq)
  if (checked & WQ_SYSFS) showQueue(wq)
  if (flags & WQ_MEM_RECLAIM) {
    wq.$rescuer = machine.spawn(`kworker/R-${name}`, rescuerThread(all, wq))
    contextState(wq.$rescuer).isWorker = true
  }
  return wq
}

function warnOnce(machine: Machine, key: string, what: string, text: string | null): void {
  const { once } = workqueues(machine)
  if (once.has(key)) return
  once.add(key)
  warn(machine, what, 'kernel/workqueue.c at __alloc_workqueue', text, { rules: ['WQ-01'] })
}

/** A queue is either per CPU or not bound to any. */
function checkKind(machine: Machine, name: string, flags: number): number {
  if (flags & WQ_UNBOUND && flags & WQ_PERCPU) {
    const text =
      `workqueue: ${name} uses both WQ_PERCPU and WQ_UNBOUND. ` +
      'Dropped WQ_PERCPU, keeping WQ_UNBOUND.'
    warnOnce(machine, 'both', 'wq-percpu-and-unbound', text)
    return flags & ~WQ_PERCPU
  }
  if (flags & (WQ_UNBOUND | WQ_PERCPU | WQ_BH)) return flags
  const text = `workqueue: ${name} is using neither WQ_PERCPU or WQ_UNBOUND. Setting WQ_PERCPU.`
  warnOnce(machine, 'neither', 'wq-neither-percpu-nor-unbound', text)
  return flags | WQ_PERCPU
}

function clampActive(machine: Machine, name: string, wanted: number): number {
  const active = wanted === 0 ? DEFAULT_ACTIVE : wanted
  if (active >= 1 && active <= MAX_ACTIVE) return active
  kernelLog(machine).print(
    4,
    `workqueue: max_active ${active} requested for ${name} is out of range, ` +
      `clamping between 1 and ${MAX_ACTIVE}\n`,
  )
  return Math.min(Math.max(active, 1), MAX_ACTIVE)
}

export function allocOrderedWorkqueue(
  format: string,
  flags: number,
  args: readonly unknown[],
): workqueue_struct | null {
  return allocWorkqueue(format, WQ_UNBOUND | ORDERED | flags, 1, args)
}

const isBusy = (wq: workqueue_struct): boolean =>
  wq.$queues.some((q) => q.active > 0 || q.inactive.length > 0)

/** drain_workqueue: flushes until nothing is left; meanwhile only its own items may queue. */
export function* drainWorkqueue(wq: workqueue_struct, caller = 'drain_workqueue'): Sim {
  memoryAccess(currentMachine()).touch(wq, 'flags', true, 'drain_workqueue')
  wq.$drainers++
  wq.flags |= DRAINING
  for (let tries = 1; ; tries++) {
    yield* flushWorkqueue(wq)
    if (!isBusy(wq)) break
    if (tries === 10 || (tries % 100 === 0 && tries <= 1000))
      kernelLog(currentMachine()).print(
        4, `workqueue ${wq.name}: ${caller}() isn't complete after ${tries} tries\n`)
    yield point(drainWorkqueue, wq)
  }
  if (--wq.$drainers === 0) wq.flags &= ~DRAINING
}

/** destroy_workqueue: runs what is queued, then frees the queue. Timers are not looked at. */
export function* destroyWorkqueue(wq: workqueue_struct): Sim {
  const machine = currentMachine()
  memoryAccess(machine).touch(wq, 'flags', true, 'destroy_workqueue')
  yield* hideQueue(wq)
  wq.flags |= DESTROYING
  yield* drainWorkqueue(wq)
  const rescuer = wq.$rescuer
  if (rescuer !== null) {
    wq.$rescuer = null
    machine.wake(rescuer)
  }
  if (isBusy(wq)) {
    warn(machine, 'wq-destroy-busy', 'kernel/workqueue.c at destroy_workqueue', null, {
      rules: ['WQ-22'],
    })
    kernelLog(machine).print(4, `destroy_workqueue: ${wq.name} has the following busy pwq\n`)
    return
  }
  workqueues(machine).all.delete(wq)
  slab(machine).free(wq)
}
