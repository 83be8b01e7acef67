import { Hook } from '../../base/disposable'
import type { Cpu } from '../../engine/cpu'
import { machine as currentMachine, now } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, point, RELAX, spinOn, type Sim } from '../../engine/suspend'
import { named } from '../api'
import { memoryAccess } from '../mm/watch'
import { mightSleep } from '../sched/schedule'
import { jiffies, jiffyStartNs } from '../time/clock'
import { hardirq } from './hardirq'

/** Can wait for the next tick. */
export const IRQ_WORK_LAZY = 4
/** Not even a real-time kernel would run it in a thread. */
export const IRQ_WORK_HARD_IRQ = 8

/** A function to be called in hardirq context as soon as possible. */
export class irq_work extends KernelObject {
  func: ((work: irq_work) => void) | null = null
  /** IRQ_WORK_LAZY, IRQ_WORK_HARD_IRQ. */
  flags = 0
  /** @internal */
  $pending = false
  /** @internal */
  $busyOn: Cpu | null = null
}

export class IrqWorks {
  readonly on = {
    queue: new Hook<[irq_work]>(),
    start: new Hook<[irq_work]>(),
    end: new Hook<[irq_work]>(),
  }
  readonly #machine: Machine
  readonly #lists: irq_work[][]

  constructor(machine: Machine) {
    this.#machine = machine
    this.#lists = machine.cpus.map(() => [])
  }

  /** False when it is queued already. */
  queue(work: irq_work, cpu: Cpu): boolean {
    memoryAccess(this.#machine).touch(work, 'func', true, 'irq_work_queue')
    if (work.$pending) return false
    work.$pending = true
    this.on.queue.emit(work)
    if (work.flags & IRQ_WORK_LAZY) this.#atNextTick(work, cpu)
    else this.#raise(work, cpu)
    return true
  }

  #atNextTick(work: irq_work, cpu: Cpu): void {
    const machine = this.#machine
    const next = jiffyStartNs(machine, jiffies(machine) + 1)
    machine.at(next, 'tick', work, () => this.#raise(work, cpu))
  }

  #raise(work: irq_work, cpu: Cpu): void {
    const list = this.#lists[cpu.id]!
    list.push(work)
    if (!cpu.interrupts.some((i) => i.source === list))
      this.#machine.interrupt(cpu, {
        name: 'irq_work',
        source: list,
        start: () => irqWorkRun(this, list, cpu),
      })
  }
}

export const irqWorks = service((machine) => new IrqWorks(machine))

const irqWorkRun = named('irq_work_run', function* (
  all: IrqWorks,
  list: irq_work[],
  cpu: Cpu,
): Sim {
  yield* hardirq(list, 'irq_work', function* () {
    for (const work of list.splice(0)) {
      const fn = work.func!
      work.$pending = false
      work.$busyOn = cpu
      yield point(irqWorkRun, work)
      all.on.start.emit(work)
      yield* call(() => fn(work))
      all.on.end.emit(work)
      if (!work.$pending) work.$busyOn = null
      currentMachine().unspin(work)
    }
  })
})

/** Waits until it is neither queued nor running. */
export function* irqWorkSync(work: irq_work): Sim {
  mightSleep('irq_work_sync')
  while (work.$pending || work.$busyOn !== null)
    yield work.$busyOn === now.cpu ? RELAX : spinOn(work)
}
