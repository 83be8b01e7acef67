import type { Cpu } from '../engine/cpu'
import type { Exec } from '../engine/exec'
import type { Machine } from '../engine/machine'
import { describeWait } from '../kernel/locking/holders'
import { report, takeStack, taskText } from '../kernel/report'
import { SEC } from '../base/units'

const SAMPLE_NS = 4 * SEC
const THRESHOLD_NS = 20 * SEC
/** An endless loop is reported this often; then the machine is given up. */
const STUCK_MAX = 3

/**
 * The watchdogs: a context that polls or loops for 22 s without giving up its CPU, and one that
 * keeps a CPU from switching (by spinning, or with one interrupt after the other) for 20 s. Where
 * interrupts are off the watchdog's own timer cannot tell.
 */
export function attachSoftLockup(machine: Machine): void {
  const counts = new Map<Exec, number>()
  const trouble = machine.trouble as { stuck: typeof machine.trouble.stuck }
  trouble.stuck = (exec, forNs) => {
    const count = (counts.get(exec) ?? 0) + 1
    counts.set(exec, count)
    if (!exec.cpu.irqsOff) reportSoftLockup(machine, exec, forNs)
    if (count >= STUCK_MAX) machine.panic(`${exec.name} never gives up its CPU`)
  }
  const seen: (Seen | null)[] = machine.cpus.map(() => null)
  const sample = (): void => {
    for (const cpu of machine.cpus) seen[cpu.id] = look(machine, cpu, seen[cpu.id]!)
    machine.atBackground(machine.nowNs + SAMPLE_NS, 'watchdog', sample)
  }
  machine.atBackground(machine.nowNs + SAMPLE_NS, 'watchdog', sample)
}

/** The context that a sample found in the way of every task switch, and since when. */
interface Seen {
  exec: Exec
  sinceNs: number
  told: boolean
}

function look(machine: Machine, cpu: Cpu, before: Seen | null): Seen | null {
  if (cpu.irqsOff) return before
  const blocker = cpu.stack.find((exec) => exec.kind !== 'task') ?? cpu.current
  if (blocker === null) return null
  const preemptible = cpu.preemptCount === 0 && !cpu.irqsOff && machine.preemption !== 'none'
  if (blocker.kind === 'task' && preemptible) return null
  if (before === null || before.exec !== blocker)
    return { exec: blocker, sinceNs: machine.nowNs, told: false }
  const forNs = machine.nowNs - before.sinceNs
  if (forNs >= THRESHOLD_NS && !before.told) {
    before.told = true
    reportSoftLockup(machine, cpu.top ?? blocker, forNs)
  }
  return before
}

/** The report of the watchdog of a CPU about what runs there. */
export function reportSoftLockup(machine: Machine, exec: Exec, forNs: number): void {
  const { cpu } = exec
  const seconds = Math.floor(forNs / SEC)
  report(machine, {
    kind: 'soft-lockup',
    title: `watchdog: BUG: soft lockup - CPU#${cpu.id} stuck for ${seconds}s! [${taskText(cpu, ':')}]`,
    details:
      exec.spinningOn === null ? [] : [`${exec.name} spins for ${describeWait(machine, exec)}`],
    objects: exec.spinningOn === null ? [] : [exec.spinningOn],
    at: takeStack(machine, exec),
    level: 0,
    help: 'lockups',
  })
}
