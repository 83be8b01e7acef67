import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { boot } from '../../sim/harness'
import * as c from './selftest-cells'
import { attachLockdep, runCell, type Cell, type KindName } from './selftest-harness'
import * as ww from './selftest-ww'

const COLUMNS: KindName[] = ['spin', 'wlock', 'rlock', 'mutex', 'wsem', 'rsem', 'rtmutex']
const SPIN: KindName[] = ['spin', 'wlock', 'rlock']

type Row = { title: string; cells: (Cell | null)[]; wide?: boolean; recursive?: boolean }
type Line = string | Row
const RULE = '  --------------------------------------------------------------------------'

const row = (title: string, cells: (Cell | null)[]): Row => ({ title, cells })

const order = (title: string, groups: string): Row =>
  row(`${title} deadlock`, COLUMNS.map((k) => ({ fails: k !== 'rlock', run: c.orders(groups)(k) })))

function basics(): Line[] {
  return [
    row('A-A deadlock', COLUMNS.map((k) => ({
      fails: k !== 'rlock',
      run: (w) => {
        w.L(k, 'X1')
        w.L(k, 'X2')
      },
    }))),
    order('A-B-B-A', 'AB BA'),
    order('A-B-B-C-C-A', 'AB BC CA'),
    order('A-B-C-A-B-C', 'AB CA BC'),
    order('A-B-B-C-C-D-D-A', 'AB BC CD DA'),
    order('A-B-C-D-B-D-D-A', 'AB CD BD DA'),
    order('A-B-C-D-B-C-D-A', 'AB CD BC DA'),
    row('double unlock', COLUMNS.map((k) => c.F(c.doubleUnlock(k)))),
    row('initialize held', COLUMNS.map((k) => c.F(c.initialiseHeld(k)))),
  ]
}

/** One scenario for an rwlock with a spinlock, and for an rwsem with a mutex. */
function mixed(title: string, expected: string, steps: string): Row {
  const cell = (read: KindName, write: KindName, other: KindName, fails: boolean): Cell => ({
    fails,
    run(w) {
      for (const group of steps.split(' | ')) {
        const locks = group.split(' ').map((s): [KindName, string] => {
          if (s.startsWith('Y')) return [other, 'Y1']
          return [s[0] === 'R' ? read : write, s.slice(1)]
        })
        if (group.endsWith('!')) for (const [k, n] of locks) w.L(k, n.replace('!', ''))
        else w.nest(...locks)
      }
    },
  })
  const cells = [null, cell('rlock', 'wlock', 'spin', expected[0] === 'F')]
  if (expected.length > 1) cells.push(null, cell('rsem', 'wsem', 'mutex', expected[1] === 'F'))
  return { title, cells, wide: true }
}

const CYCLES = ['W1R2/W2R3/W3R1', 'W1W2/R2R3/W3R1', 'W1W2/R2R3/R3W1', 'W1R2/R2R3/W3W1']

function readWrite(): Line[] {
  return [
    RULE,
    mixed('recursive read-lock', 'SF', 'RX1 RX1!'),
    mixed('recursive read-lock #2', 'SF', 'RX1 RX2!'),
    mixed('mixed read-write-lock', 'FF', 'RX1 WX2!'),
    mixed('mixed write-read-lock', 'FF', 'WX1 RX2!'),
    mixed('mixed read-lock/lock-write ABBA', 'FF', 'RX1 Y | Y WX1'),
    mixed('mixed read-lock/lock-read ABBA', 'SF', 'RX1 Y | Y RX1'),
    mixed('mixed write-lock/lock-write ABBA', 'FF', 'WX1 Y | Y WX1'),
    mixed('chain cached mixed R-L/L-W ABBA', 'F', 'RX1 Y | Y RX1 | Y WX1'),
    ...CYCLES.flatMap((name, i) =>
      c.TRIPLES.map((p): Row => ({
        title: `rlock ${name}/${p}`,
        cells: [null, { fails: i < 2, run: c.cycle(name, p) }],
        wide: true,
      })),
    ),
    RULE,
  ]
}

type Family = (k: KindName, irq: 'hard' | 'soft') => ((w: never) => void)[]

function family(title: (irq: string) => string, make: Family, orders: string[], first = 0): Row[] {
  return orders.flatMap((p) =>
    (['hard', 'soft'] as const).map((irq) =>
      row(
        `${title(irq)}/${p}`,
        SPIN.map((k, i) =>
          i < first ? null : { fails: k !== 'rlock', run: c.permuted(make(k, irq) as never, p) },
        ),
      ),
    ),
  )
}

function interrupts(): Line[] {
  const f = c.irqFamilies
  return [
    ...family((i) => `${i}-irqs-on + irq-safe-A`, f.on, c.PAIRS),
    ...c.PAIRS.map((p) =>
      row(`sirq-safe-A => hirqs-on/${p}`, SPIN.map((k) => ({ fails: k !== 'rlock', run: c.permuted(f.sirqSafe(k), p) }))),
    ),
    ...family((i) => `${i}-safe-A + irqs-on`, f.safeOn, c.PAIRS),
    ...family((i) => `${i}-safe-A + unsafe-B #1`, f.unsafe1, c.TRIPLES),
    ...family((i) => `${i}-safe-A + unsafe-B #2`, f.unsafe2, c.TRIPLES),
    ...family((i) => `${i}-irq lock-inversion`, f.inversion, c.TRIPLES),
    ...family((i) => `${i}-irq read-recursion`, f.recursion1, c.TRIPLES, 1),
    ...family((i) => `${i}-irq read-recursion #2`, f.recursion2, c.TRIPLES, 1),
    ...family((i) => `${i}-irq read-recursion #3`, f.recursion3, c.TRIPLES, 1),
  ]
}

function woundWait(): Line[] {
  return [
    RULE, '  | Wound/wait tests |', '  ---------------------',
    row('ww api failures', ww.apiFailures),
    row('ww contexts mixing', ww.mixing),
    row('finishing ww context', ww.finishing),
    row('locking mismatches', ww.mismatches),
    row('EDEADLK handling', ww.edeadlk),
    row('spinlock nest unlocked', [ww.nestUnlocked]),
    row('spinlock nest test', [ww.nestTest]),
    '  -----------------------------------------------------',
    '                                 |block | try  |context|',
    '  -----------------------------------------------------',
    ...ww.matrix().map(([title, cells]) => row(title, cells)),
  ]
}

const normally = (lines: Line[]): Line[] =>
  lines.map((l) => (typeof l === 'string' ? l : { ...l, recursive: false }))

function extras(): Line[] {
  const [a, b, d] = c.queuedReads
  const [e, f, g] = c.fsReclaim
  return normally([
    RULE, '  | queued read lock tests |', '  ---------------------------',
    row('hardirq read-lock/lock-read', [a!]),
    row('hardirq lock-read/read-lock', [b!]),
    row('hardirq inversion', [d!]),
    '  --------------------', '  | fs_reclaim tests |', '  --------------------',
    row('correct nesting', [e!]),
    row('wrong nesting', [f!]),
    row('protected nesting', [g!]),
    RULE, '  | wait context tests |', RULE,
    '                                 | rcu  | raw  | spin |mutex |', RULE,
    ...c.waitContexts().map(([title, cells]) => row(title, cells)),
    RULE, '  | local_lock tests |', '  ---------------------',
    ...c.localLocks.map(([title, cell]) => row(title, [cell])),
    RULE, '  | lockdep_set_subclass() name test|', '  -----------------------------------',
    row('compare name before and after', [c.subclassName]),
  ])
}

function suite(): Line[] {
  return [
    '| Locking API testsuite:',
    '-'.repeat(76),
    '                                 | spin |wlock |rlock |mutex | wsem | rsem |rtmutex',
    RULE,
    ...basics(), ...readWrite(), ...interrupts(), ...woundWait(), ...extras(),
  ]
}

function print(r: Row, answers: (boolean | null)[]): string {
  const text = (ok: boolean | null): string => (ok ? '  ok  |' : 'FAILED|')
  const title = `${r.title.padStart(33)}:`
  if (!r.wide) return title + answers.map((a) => (a === null ? '      |' : text(a))).join('')
  const [, rw, , sem] = answers
  const start = `${title}             |${text(rw ?? null)}`
  return sem === undefined ? start : `${start}             |${text(sem)}`
}

test('LD-A01..A16 all 395 cells of the locking self-test come out as on Linux', () => {
  const lines: string[] = []
  let cells = 0
  const machine = boot(function* () {
    const lockdep = attachLockdep(machine)
    for (const line of suite()) {
      if (typeof line === 'string') {
        lines.push(line)
        continue
      }
      const answers = line.cells.map((cell) => cell && runCell(lockdep, cell, line.recursive ?? true))
      cells += answers.filter((a) => a !== null).length
      lines.push(print(line, answers))
    }
    yield* []
  })
  machine.run()
  expect(machine.stop).toBe('finished')
  lines.push('-'.repeat(55), `Good, all ${String(cells).padStart(3)} testcases passed! |`)
  const golden = readFileSync(join(import.meta.dirname, '../../oracle/golden/locking-api.txt'), 'utf8')
  expect(lines.join('\n')).toBe(golden.trimEnd())
})
