import { Machine, type MachineOptions } from '../../src-sim/engine/machine'
import type { Sim } from '../../src-sim/engine/suspend'
import { kernelLog } from '../../src-sim/kernel/printk/log'
import { installTrouble } from '../../src-sim/kernel/sched/trouble'
import { attachCheckers } from '../../src-sim/lab/checkers'

export type Say = (...what: unknown[]) => void

/** What a run has left behind. */
export interface Outcome {
  machine: Machine
  /** What the code under test has said, in order. */
  log: string[]
  kinds: string[]
  dmesg: string[]
}

/** Runs `main` as a task with all checkers of a lab attached. */
export function checked(
  main: (say: Say, machine: Machine) => Sim<unknown>,
  options: MachineOptions & { untilNs?: number } = {},
): Outcome {
  const machine = new Machine(options)
  const log: string[] = []
  const say: Say = (...what) => void log.push(what.join(' '))
  machine.inside(() => {
    installTrouble(machine)
    attachCheckers(machine, {})
    machine.main = machine.spawn('main', main(say, machine), { cpu: 0, kernel: false })
  })
  machine.run(options.untilNs ?? 400e9)
  const broken = machine.findings.find((f) => f.kind === 'oops.exception')
  if (broken) throw new Error(broken.report.join('\n'))
  return {
    machine,
    log,
    kinds: machine.findings.map((f) => f.kind),
    dmesg: kernelLog(machine).lines.map((line) => line.text),
  }
}
