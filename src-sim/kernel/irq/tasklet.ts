import type { Cpu } from '../../engine/cpu'
import { machine as currentMachine, now } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, point, RELAX, spinOn, type Sim } from '../../engine/suspend'
import { Hook } from '../../base/disposable'
import { tasklet_entry, tasklet_exit, tasklet_kill, tasklet_schedule } from '../../trace/events'
import { named } from '../api'
import { emit } from '../emit'
import { memoryAccess } from '../mm/watch'
import { kernelLog } from '../printk/log'
import { symbolOf } from '../printk/symbols'
import { warn } from '../printk/warn'
import { mightSleep, WaitList } from '../sched/schedule'
import { inInterrupt } from './context'
import { HI_SOFTIRQ, openSoftirq, softirqs, TASKLET_SOFTIRQ } from './softirq'

/** A function that runs once in softirq context for any number of schedulings. */
export class tasklet_struct extends KernelObject {
  callback: ((tasklet: tasklet_struct) => void) | null = null
  /** The old interface: called with `data`. */
  func: ((data: any) => void) | null = null
  data: unknown = null
  /** How often it is disabled. */
  count = 0
  /** @internal */
  $scheduled = false
  /** @internal The context that executes it. */
  $runningOn: Cpu | null = null
  /** @internal */
  $waiters: WaitList | null = null

  /** Bit 0: scheduled. Bit 1: running. */
  get state(): number {
    return (this.$scheduled ? 1 : 0) | (this.$runningOn === null ? 0 : 2)
  }
}

export class Tasklets {
  readonly on = {
    start: new Hook<[tasklet_struct]>(),
    end: new Hook<[tasklet_struct]>(),
    kill: new Hook<[tasklet_struct]>(),
    schedule: new Hook<[tasklet_struct]>(),
  }
  /** What shares the vectors and goes first: bottom-half work. */
  before: ((cpu: Cpu, high: boolean) => Sim) | null = null
  readonly #machine: Machine
  readonly #lists: tasklet_struct[][][]
  #warned = false

  constructor(machine: Machine) {
    this.#machine = machine
    this.#lists = [machine.cpus.map(() => []), machine.cpus.map(() => [])]
    machine.inside(() => {
      openSoftirq(TASKLET_SOFTIRQ, (cpu) => this.#action(cpu, false))
      openSoftirq(HI_SOFTIRQ, (cpu) => this.#action(cpu, true))
    })
  }

  schedule(tasklet: tasklet_struct, high: boolean): void {
    memoryAccess(this.#machine).touch(tasklet, 'state', true, '__tasklet_schedule')
    if (tasklet.$scheduled) return
    tasklet.$scheduled = true
    emit(tasklet_schedule, tasklet, tasklet.callback ?? tasklet.func)
    this.on.schedule.emit(tasklet)
    this.#append(tasklet, now.cpu ?? this.#machine.cpus[0]!, high)
  }

  #append(tasklet: tasklet_struct, cpu: Cpu, high: boolean): void {
    this.#lists[high ? 1 : 0]![cpu.id]!.push(tasklet)
    softirqs(this.#machine).raise(high ? HI_SOFTIRQ : TASKLET_SOFTIRQ, cpu)
  }

  *#action(cpu: Cpu, high: boolean): Sim {
    if (this.before !== null) yield* this.before(cpu, high)
    const list = this.#lists[high ? 1 : 0]![cpu.id]!.splice(0)
    for (const tasklet of list) {
      memoryAccess(this.#machine).touch(tasklet, 'state', true, 'tasklet_action_common')
      if (tasklet.$runningOn !== null || tasklet.count > 0)
        this.#lists[high ? 1 : 0]![cpu.id]!.push(tasklet)
      else yield* this.#run(tasklet, cpu)
    }
  }

  /**
   * What could not run may run now. Linux looks again and again meanwhile, which keeps ksoftirqd
   * busy and shows nothing.
   */
  retry(tasklet: tasklet_struct): void {
    this.#lists.forEach((perCpu, high) => {
      for (const cpu of this.#machine.cpus)
        if (perCpu[cpu.id]!.includes(tasklet))
          softirqs(this.#machine).raise(high === 1 ? HI_SOFTIRQ : TASKLET_SOFTIRQ, cpu)
    })
  }

  *#run(tasklet: tasklet_struct, cpu: Cpu): Sim {
    if (!tasklet.$scheduled) this.#lostState(tasklet)
    tasklet.$scheduled = false
    tasklet.$runningOn = cpu
    this.#machine.unspin(tasklet)
    yield point(tasklet_schedule, tasklet)
    yield runTasklet(this, tasklet)
    tasklet.$runningOn = null
    this.#machine.unspin(tasklet)
    tasklet.$waiters?.wakeAll()
    this.retry(tasklet)
  }

  #lostState(tasklet: tasklet_struct): void {
    if (this.#warned) return
    this.#warned = true
    const kind = tasklet.callback ? 'callback' : 'func'
    const name = symbolOf(this.#machine, tasklet.callback ?? tasklet.func, true)
    warn(this.#machine, 'tasklet-state', 'kernel/softirq.c at tasklet_action_common',
      `tasklet SCHED state not set: ${kind} ${name}`, { rules: ['TSK-04'], objects: [tasklet] })
  }
}

export const tasklets = service((machine) => new Tasklets(machine))

const runTasklet = named('tasklet_action', function* (all: Tasklets, tasklet: tasklet_struct): Sim {
  const fn = tasklet.callback ?? tasklet.func
  all.on.start.emit(tasklet)
  emit(tasklet_entry, tasklet, fn)
  yield* call(() => (tasklet.callback ? tasklet.callback(tasklet) : tasklet.func!(tasklet.data)))
  emit(tasklet_exit, tasklet, fn)
  all.on.end.emit(tasklet)
})

function* waitUnscheduled(tasklet: tasklet_struct): Sim {
  while (tasklet.$scheduled) {
    tasklet.$waiters ??= new WaitList()
    yield* tasklet.$waiters.waitUntil(() => !tasklet.$scheduled, tasklet, 'tasklet')
  }
}

/** tasklet_kill: waits for a scheduled one to run, and for a running one to end. */
export function* taskletKill(tasklet: tasklet_struct): Sim {
  const machine = currentMachine()
  if (inInterrupt())
    kernelLog(machine).print(5, 'Attempt to kill tasklet from interrupt\n')
  tasklets(machine).on.kill.emit(tasklet)
  yield* waitUnscheduled(tasklet)
  tasklet.$scheduled = true
  yield* taskletUnlockWait(tasklet)
  tasklet.$scheduled = false
  tasklet.$waiters?.wakeAll()
  emit(tasklet_kill, tasklet)
}

/** Sleeps until the callback is not running. */
export function* taskletUnlockWait(tasklet: tasklet_struct): Sim {
  mightSleep('tasklet_unlock_wait')
  if (tasklet.$runningOn === null) return
  tasklet.$waiters ??= new WaitList()
  yield* tasklet.$waiters.waitUntil(() => tasklet.$runningOn === null, tasklet, 'tasklet')
}

/** The same, spinning: for atomic context. */
export function* taskletSpinUnlock(tasklet: tasklet_struct): Sim {
  while (tasklet.$runningOn !== null)
    yield tasklet.$runningOn === now.cpu ? RELAX : spinOn(tasklet)
}
