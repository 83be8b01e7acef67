import { expect, test } from 'vitest'
import { readBuiltin, runLab } from '../lab/lab-kit'

/** What a lab of the engine reports when its machine has other switches. */
function play(id: string, change: (machine: string) => string): { kinds: string[]; log: string } {
  const lab = readBuiltin(id)
  lab.files['machine.ts'] = change(lab.files['machine.ts']!)
  const { findings, dmesg } = runLab(lab)
  return { kinds: findings.map((f) => f.kind), log: dmesg.join('\n') }
}

const options = (text: string) => (machine: string) =>
  machine.replace(/options: \{[^}]*\}/, `options: { ${text} }`)

test('an engine that drops what it holds when it is stopped may be freed under', () => {
  const early = 'debate-a-early-free-direct'
  expect(play(early, options('transfer_ns: 1_000_000')).kinds).toEqual(['dma.write-after-free'])
})

test('more bytes than asked are an overrun of the mapping', () => {
  expect(play('bug-22-fixed', options('overrun_bytes: 8')).kinds).toEqual([])
  expect(play('debate-a-stop-first', options('overrun_bytes: 4096')).kinds).toEqual(['dma.overrun'])
})

test('missing address wires lead to memory that nobody gave', () => {
  expect(play('bug-20-fixed', options('address_bits: 20')).kinds).toContain('dma.stray')
})

test('an answer in place is a write to what was mapped for reading', () => {
  expect(play('bug-22-broken', options('answers_in_place: false')).kinds).toEqual([])
  expect(play('bug-22-broken', (text) => text).kinds).toEqual(['dma.wrong-direction'])
})

test('an unknown switch is refused', () => {
  const { log } = play('bug-22-fixed', options('no_such_thing: 1'))
  expect(log).toContain("machine.ts: ring-dma has no option 'no_such_thing'.")
})

test('the answer is seen where caches are coherent, and not seen where they are not', () => {
  const coherent = play('bug-22-broken', (text) => text.replace('coherent: false', 'coherent: true'))
  expect(coherent.log).toContain('answer: 0xde')
  expect(play('bug-22-broken', (text) => text).log).toContain('answer: 0x21')
  expect(play('bug-22-fixed', (text) => text).log).toContain('answer: 0xde')
})
