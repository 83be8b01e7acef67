import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { machine } from '../../src-sim/engine/current'
import { Machine } from '../../src-sim/engine/machine'
import type { Sim } from '../../src-sim/engine/suspend'
import { vsprintf } from '../../src-sim/kernel/printk/format'
import { kernelLog } from '../../src-sim/kernel/printk/log'
import { doOneInitcall, returnToUser } from '../../src-sim/kernel/sched/initcall'
import { installTrouble } from '../../src-sim/kernel/sched/trouble'
import { attachCheckers } from '../../src-sim/lab/checkers'

/** Prints one line of a probe, as the recorded ones look. */
export type Klab = (step: string, format?: string, ...args: unknown[]) => void

export interface ProbeOptions {
  /** The recorded run never came back, so only its lines count. */
  endless?: boolean
  /** Report lines that come from a checker that this test does not attach. */
  without?: RegExp
  untilNs?: number
  /** Further report lines to compare. */
  reports?: RegExp
}

const golden = (id: string): string[] =>
  readFileSync(resolve(import.meta.dirname, `golden/${id}.txt`), 'utf8').trimEnd().split('\n')

/** What can be compared of a report line: not the line number, address or module. */
const comparable = (line: string): string =>
  line
    .replace(/, CPU#\d+: .*/, '')
    .replace(/(\.c):\d+ at/, '$1 at')
    .replace(/object: [0-9a-f]{16}/, 'object: ADDR')
    .replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/g, '')
    .replace(/IRQ \d+$/, 'IRQ N')
    .replace(/ \[\w+\]$/, '')
    .replace(/ \[\w+\] on wq/, ' on wq')
    .replace(/(invalid context at ).*/, '$1FILE')
    .replace(/\b(insmod|klab\/\d)\/\d+/, '$1/PID')

const REPORT = /^(BUG: |WARNING: |ODEBUG: |Unbalanced |workqueue: |remove_proc_entry)/

function linesOf(m: Machine, more?: RegExp): string[] {
  const lines: string[] = []
  for (const { text } of kernelLog(m).lines) {
    if (text.startsWith('KLAB ')) lines.push(text)
    else if (REPORT.test(text) || more?.test(text)) lines.push(comparable(`REPORT ${text}`))
  }
  return lines
}

/** A mistake that is met again at the same place is not reported twice here. */
const told = (lines: string[]): string[] =>
  lines.filter((line, i) => !line.startsWith('REPORT') || lines.indexOf(line) === i)

/** Plays a probe's scenario as a module's init would, and compares with the recorded lines. */
export function probe(id: string, body: (klab: Klab) => Sim, options: ProbeOptions = {}): void {
  test(`oracle: ${id}`, () => {
    const m = new Machine()
    const klab: Klab = (step, format = '', ...args) => {
      const values = vsprintf(machine(), format, args)
      kernelLog(machine()).print(5, `KLAB ${id} ${step} ${values}`.trimEnd() + '\n')
    }
    m.inside(() => {
      installTrouble(m)
      attachCheckers(m, {})
      m.main = m.spawn(
        'insmod',
        (function* (): Sim {
          yield* doOneInitcall(function* klab_init(): Sim {
            klab('begin', 'ctx=init')
            yield* body(klab)
            klab('end', 'ctx=init')
          })
          returnToUser()
        })(),
        { cpu: 0 },
      )
    })
    m.run(options.untilNs ?? 20e9)
    const wanted = golden(id)
      .map((line) => (line.startsWith('REPORT') ? comparable(line) : line))
      .filter((line) => !options.without?.test(line))
    expect(told(linesOf(m, options.reports))).toEqual(told(wanted))
    if (!options.endless) expect(m.stop).toBe('finished')
  })
}
