import { SEC } from '../base/units'
import type { Cpu } from '../engine/cpu'
import type { Machine } from '../engine/machine'
import { report, takeStack } from '../kernel/report'

const SAMPLE_NS = 4 * SEC
/** Ticks of a CPU that its neighbour must miss. */
const MISSED_MAX = 3

/**
 * Each CPU looks at its neighbour: one that takes no interrupts for three ticks of the watchdog in
 * a row is locked up hard. Told once, until it takes interrupts again.
 */
export function attachHardLockup(machine: Machine): void {
  const missed = machine.cpus.map(() => 0)
  const sample = (): void => {
    for (const cpu of machine.cpus) {
      missed[cpu.id] = tickWaits(cpu) ? missed[cpu.id]! + 1 : 0
      if (missed[cpu.id] === MISSED_MAX) reportHardLockup(machine, cpu)
    }
    machine.atBackground(machine.nowNs + SAMPLE_NS, 'watchdog', sample)
  }
  machine.atBackground(machine.nowNs + SAMPLE_NS, 'watchdog', sample)
}

/** Interrupts are masked: by the code that runs, or by the interrupt that it is. */
const tickWaits = (cpu: Cpu): boolean => cpu.top !== null && cpu.irqsOff

function reportHardLockup(machine: Machine, cpu: Cpu): void {
  const { cpus } = machine
  const watching = cpus[(cpu.id + cpus.length - 1) % cpus.length]!
  report(machine, {
    kind: 'hard-lockup',
    title: `watchdog: CPU${watching.id}: Watchdog detected hard LOCKUP on cpu ${cpu.id}`,
    details: [],
    at: takeStack(machine, cpu.top!),
    level: 0,
    once: false,
    help: 'lockups',
  })
}
