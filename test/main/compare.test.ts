import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import type { CompareResult } from '../../src-sim/protocol'

const KLAB = resolve(import.meta.dirname, '../../src-main/cli/klab.mjs')

function klab(...args: string[]): { code: number; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [KLAB, ...args], { encoding: 'utf8' })
  return { code: status ?? -1, out: stdout, err: stderr }
}

const TWO = ['--disturbance', 'unbind-idle,rmmod-open', '--schedules', '2']

test('klab compare prints a table of verdicts and how to see them again; exit 1', () => {
  const { code, out, err } = klab('compare', '--model', 'devm,drm', ...TWO)
  expect(code).toBe(1)
  expect(out).toMatch(/^ +devm +drm$/m)
  expect(out).toMatch(/^unbind-idle +kasan\.use-after-free +safe$/m)
  expect(out).toMatch(/^reader sections +0 +3$/m)
  expect(out).toContain('again: klab run compare-devm --param disturbance=unbind-idle')
  expect(err).toMatch(/^4\/4 compare-/m)
})

test('klab compare --json is the result; exit 0 when every cell is safe', () => {
  const { code, out } = klab('compare', 'compare-drm', ...TWO, '--json')
  expect(code).toBe(0)
  const { cells, costs, complete } = JSON.parse(out) as CompareResult
  expect(cells.map((c) => c.verdict)).toEqual(['safe', 'safe'])
  expect(costs).toHaveLength(1)
  expect(complete).toBe(true)
})

test('the result does not depend on the number of workers', () => {
  const result = (jobs: string): unknown =>
    JSON.parse(klab('compare', '--model', 'devm,fencing', ...TWO, '--json', '--jobs', jobs).out)
  expect(result('3')).toEqual(result('1'))
})

test('what compare --save writes, run --choices shows again', () => {
  const dir = mkdtempSync(join(tmpdir(), 'klab-compare-'))
  try {
    klab('compare', '--model', 'devm', ...TWO, '--save', dir)
    expect(readdirSync(dir)).toEqual(['compare-devm.unbind-idle.json'])
    const again = klab('run', 'compare-devm', '--choices', join(dir, 'compare-devm.unbind-idle.json'))
    expect(again.code).toBe(1)
    expect(again.out).toContain('kasan.use-after-free')
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('names that do not exist are usage errors that say what exists', () => {
  const model = klab('compare', '--model', 'magic')
  expect([model.code, model.err]).toEqual([2, expect.stringContaining('choose from refcount,')])
  const disturbance = klab('compare', '--model', 'drm', '--disturbance', 'rain')
  expect([disturbance.code, disturbance.err]).toEqual([2, expect.stringContaining("'rain'")])
  const param = klab('run', 'compare-drm', '--param', 'disturbance=rain')
  expect([param.code, param.err]).toEqual([2, expect.stringContaining('choose one of none,')])
  expect(klab('run', 'compare-drm', '--param', 'rain').code).toBe(2)
})
