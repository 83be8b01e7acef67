import type { Cpu } from '../../engine/cpu'
import type { Exec } from '../../engine/exec'
import type { Machine } from '../../engine/machine'
import { report, takeStack } from '../report'

/** A grace period that does not end: who keeps it from ending. */
export function reportStall(
  machine: Machine,
  period: number,
  forNs: number,
  cpus: ReadonlySet<Cpu>,
  readers: ReadonlySet<Exec>,
): void {
  const flavour = machine.preemption === 'full' ? 'rcu_preempt' : 'rcu_sched'
  const jiffies = Math.floor((forNs * machine.hz) / 1_000_000_000)
  const culprit = [...cpus][0]?.top ?? [...readers][0] ?? null
  const tasks = [...readers].map((r) => `P${(r as { pid?: number }).pid ?? 0}`)
  const range = `0-${machine.cpus.length - 1}`
  report(machine, {
    kind: 'rcu.stall',
    title: `INFO: ${flavour} detected stalls on CPUs/tasks:`,
    details: [
      ...[...cpus].map((cpu) => `\t${cpu.id}-...!: (${cpu.top?.name ?? 'idle'})`),
      ...(tasks.length > 0 ? [`\tTasks blocked on level-0 rcu_node (CPUs ${range}): ${tasks.join(' ')}`] : []),
      `\t(detected by 0, t=${jiffies} jiffies, g=${period}, q=0 ncpus=${machine.cpus.length})`,
    ],
    at: takeStack(machine, culprit),
    rules: ['RCU-01'],
    help: 'rcu',
  })
}
