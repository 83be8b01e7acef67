import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { RELAX, type Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import { preempt_disable, preempt_enable } from '../../../src-sim/linux/preempt'
import { sim } from '../../sim/harness'
import { checked } from '../checked'
import { MECHANISMS, type Armed, type Mechanism } from './mechanisms'

/** What happens when the fence is called where it must not be, and what it leaves open. */
interface Cells {
  /** First report when it is called with preemption off; 'fine' when there is none. */
  atomic: string
  /** First report when the callback calls it on itself. */
  self: string
  /** Whether a third party can start the callback again afterwards. */
  again: 'open' | 'closed'
}

const TABLE = resolve(import.meta.dirname, '../../../resources/docs/fencing.md')

/** The rows of the page's second table, by mechanism and fence. */
function cellsOfPage(): Map<string, Cells> {
  const cells = new Map<string, Cells>()
  for (const line of readFileSync(TABLE, 'utf8').split('\n')) {
    const [, mechanism, fence, atomic, self, again] = line.split('|').map((c) => c.trim())
    if (again !== 'open' && again !== 'closed') continue
    const plain = (text: string): string => text.replaceAll('`', '')
    cells.set(`${mechanism}: ${plain(fence!)}`, {
      atomic: plain(atomic!),
      self: plain(self!),
      again,
    })
  }
  return cells
}

const page = cellsOfPage()
const nameOf = ({ mechanism, fence }: Mechanism): string => `${mechanism}: ${fence}`

/** Runs until the callback is under way. */
function* running(armed: Armed, begun: () => boolean): Sim {
  yield* armed.start()
  while (!begun()) yield RELAX
}

function waits({ make, sleeps }: Mechanism): string[] {
  return checked(function* (say) {
    let begun = false
    let ended = false
    const armed = yield* make(function* () {
      begun = true
      if (sleeps) yield* sim(msleep(20))
      else for (let i = 0; i < 50; i++) yield RELAX
      ended = true
    })
    if (sleeps) yield* running(armed, () => begun)
    else yield* armed.start()
    yield* armed.fence()
    say(begun === ended ? 'over' : 'still running')
    const ran = begun
    begun = false
    yield* sim(msleep(60))
    say(begun && ran ? 'ran again' : 'quiet')
  }).log
}

function inAtomic({ make }: Mechanism): string {
  const { kinds } = checked(function* () {
    const armed = yield* make(function* () {})
    yield* sim(preempt_disable())
    yield* armed.fence()
    yield* sim(preempt_enable())
  })
  return kinds[0] ?? 'fine'
}

function onItself({ make }: Mechanism): string {
  const { kinds, machine } = checked(function* () {
    let armed: Armed | null = null
    let done = false
    armed = yield* make(function* () {
      yield* armed!.fence()
      done = true
    })
    yield* armed.start()
    for (let i = 0; i < 100 && !done; i++) yield* sim(msleep(4000))
  })
  return kinds[0] ?? (machine.stop === 'finished' ? 'fine' : String(machine.stop))
}

function startedAgain({ make }: Mechanism): string {
  return checked(function* (say) {
    let runs = 0
    const armed = yield* make(function* () {
      runs++
    })
    yield* armed.fence()
    yield* armed.start()
    yield* sim(msleep(100))
    say(runs > 0 ? 'open' : 'closed')
  }).log[0]!
}

test('the page has a row for every mechanism, and no other', () => {
  expect([...page.keys()].sort()).toEqual(MECHANISMS.map(nameOf).sort())
})

describe.each(MECHANISMS.map((m) => [nameOf(m), m] as const))('%s', (name, mechanism) => {
  it('waits for a running callback, and none runs afterwards', () => {
    expect(waits(mechanism)).toEqual(['over', 'quiet'])
  })
  it('with preemption off does what the page says', () => {
    expect(inAtomic(mechanism)).toBe(page.get(name)?.atomic)
  })
  it('from the callback itself does what the page says', () => {
    expect(onItself(mechanism)).toBe(page.get(name)?.self)
  })
  it('leaves open what the page says', () => {
    expect(startedAgain(mechanism)).toBe(page.get(name)?.again)
  })
})
