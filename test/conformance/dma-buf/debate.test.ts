import { expect, it } from 'vitest'
import { makeStrategy } from '../../../src-sim/engine/strategies'
import { seedOf } from '../../../src-sim/explorer/explore'
import { scheduleRunner } from '../../../src-sim/lab/explore'
import { compile, readBuiltin, runLab, sandbox } from '../../sim/lab/lab-kit'

/** The labs about ways into a shared buffer: what each importer sees, and who is not told. */
const run = (id: string) => {
  const result = runLab(readBuiltin(id))
  return {
    kinds: result.findings.map((f) => f.kind),
    reads: result.dmesg.flatMap((line) => /read: (.*)/.exec(line)?.[1] ?? []),
    lines: result.dmesg.map((line) => line.replace(/^\[[^\]]*\] /, '')),
  }
}

it('DBUF-19 DBUF-34 DBUF-42 all three importers follow a move, and lose a buffer that is taken away', () => {
  const { kinds, reads } = run('debate-b-move')
  expect(kinds).toEqual([])
  expect(reads).toEqual([
    'dynamic=17 walk=17 frames=17',
    'dynamic=17 walk=17 frames=17',
    'dynamic=34 walk=34 frames=34',
    'dynamic=-19 walk=-14 frames=-19',
  ])
})

it('is silent in other schedules as well', () => {
  const search = scheduleRunner(compile(readBuiltin('debate-b-move')), sandbox(), { kcsan: true })
  for (let i = 0; i < 15; i++) {
    const strategy = makeStrategy('random', { seed: seedOf(5, i), preemptions: 2, choices: [] })
    expect(search(strategy, false).findings.map((f) => f.report.join('\n'))).toEqual([])
  }
})

it.each(['debate-b-forgotten-zap', 'debate-b-raw-frame'])('%s: a freed page is read', (id) => {
  expect(run(id).kinds).toEqual(['kasan.use-after-free'])
})

it('DBUF-31 DBUF-32 one buffer, two paths: the address of the bus, or no way at all', () => {
  const { kinds, lines } = run('debate-b-two-paths')
  expect(kinds).toEqual([])
  const first = lines.slice(lines.indexOf('a buffer in a BAR'), lines.indexOf('a buffer in memory'))
  expect(first.filter((line) => /^(near|far|static)/.test(line))).toEqual([
    'near: address=0xfe000000 length=4096',
    'far: map=-22',
    'static: attach=-95',
  ])
})
