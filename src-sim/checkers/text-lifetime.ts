import type { Hook } from '../base/disposable'
import { now } from '../engine/current'
import type { Exec } from '../engine/exec'
import type { RawStack } from '../engine/finding'
import type { Machine } from '../engine/machine'
import { fileOf, type Position } from '../engine/position'
import { service } from '../engine/service'
import { modules } from '../kernel/base/module'
import { irqWorks } from '../kernel/irq/irq-work'
import { irqs } from '../kernel/irq/desc'
import { tasklets } from '../kernel/irq/tasklet'
import { hex16 } from '../kernel/printk/format'
import { functionAt } from '../kernel/printk/symbols'
import { report, takeStack, type ReportStack } from '../kernel/report'
import { hrtimers } from '../kernel/time/hrtimer'
import { timers } from '../kernel/time/timer'
import { workqueues } from '../kernel/workqueue/workqueues'

/** A callback that a context is about to run or runs, and where it was handed over. */
interface Origin {
  object: object
  role: string
  stack: RawStack | null
}

type Armed = object & { $armedAt?: RawStack }

/** Remembers where function pointers were left behind, and who follows one. */
export class TextLifetime {
  #machine: Machine
  #running = new WeakMap<Exec, Origin[]>()

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /**
   * Watches one mechanism: `armed` announces that a callback was left with the kernel, `start` and
   * `end` that it is called. The first argument of each hook is the object it belongs to.
   */
  watch<
    A extends [object, ...unknown[]],
    S extends [object, ...unknown[]],
    E extends [object, ...unknown[]],
  >(
    role: string,
    armed: Hook<A>,
    start: Hook<S>,
    end: Hook<E>,
  ): void {
    armed.add((...args: A) => {
      ;(args[0] as Armed).$armedAt = takeStack(this.#machine)
    })
    start.add((...args: S) => this.#start(args[0], role))
    end.add(() => this.#end())
  }

  #start(object: object, role: string): void {
    const exec = now.exec
    if (exec === null) return
    let list = this.#running.get(exec)
    if (!list) this.#running.set(exec, (list = []))
    list.push({ object, role, stack: (object as Armed).$armedAt ?? null })
  }

  #end(): void {
    const exec = now.exec
    if (exec !== null) this.#running.get(exec)?.pop()
  }

  /** The callback that the running context is in. */
  origin(): Origin | null {
    return (now.exec && this.#running.get(now.exec)?.at(-1)) ?? null
  }
}

export const textLifetime = service((machine) => new TextLifetime(machine))

/** Reports every execution of text that is gone, with the trail that led there. */
export function attachTextLifetime(machine: Machine): void {
  const all = textLifetime(machine)
  workqueues.whenUsed(machine, ({ on }) => all.watch('queued', on.activate, on.start, on.end))
  timers.whenUsed(machine, ({ on }) => all.watch('armed', on.arm, on.start, on.end))
  hrtimers.whenUsed(machine, ({ on }) => all.watch('armed', on.arm, on.start, on.end))
  irqs.whenUsed(machine, ({ on }) =>
    all.watch('requested', on.request, on.handlerStart, on.handlerEnd),
  )
  tasklets.whenUsed(machine, ({ on }) => all.watch('scheduled', on.schedule, on.start, on.end))
  irqWorks.whenUsed(machine, ({ on }) => all.watch('queued', on.queue, on.start, on.end))
  const trouble = machine.trouble as { executeAfterUnload: (pos: Position) => void }
  trouble.executeAfterUnload = (pos) => executeAfterUnload(machine, pos)
}

function executeAfterUnload(machine: Machine, pos: Position): void {
  const mod = modules(machine).ofFile(fileOf(pos))
  const name = mod?.name ?? machine.runtime.file(pos)?.module ?? 'unknown'
  const at = functionAt(machine, pos)?.name ?? 'unknown'
  const origin = textLifetime(machine).origin()
  const stacks: ReportStack[] = []
  if (origin?.stack) stacks.push({ role: origin.role, stack: origin.stack })
  if (mod?.$unloaded) stacks.push({ role: 'unloaded', stack: mod.$unloaded })
  const address = hex16(0xffff_c000_0000 + pos * 16)
  report(machine, {
    kind: 'text.execute-after-unload',
    title: `BUG: unable to handle page fault for address: ${address}`,
    details: [
      '#PF: supervisor instruction fetch in kernel mode',
      '#PF: error_code(0x0010) - not-present page',
      `RIP: ${at} was part of module ${name}, which has been unloaded`,
    ],
    tail: [`Modules linked in: [last unloaded: ${name}]`],
    stacks,
    objects: origin ? [origin.object] : [],
    rules: ['MOD-01'],
    level: 1,
    help: 'module-text',
  })
}
