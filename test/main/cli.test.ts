import { spawnSync } from 'node:child_process'
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const KLAB = resolve(import.meta.dirname, '../../src-main/cli/klab.mjs')
let dir: string

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'klab-cli-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

function klab(...args: string[]): { code: number; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [KLAB, ...args], { encoding: 'utf8' })
  return { code: status ?? -1, out: stdout, err: stderr }
}

function labFolder(name: string, driver: string): string {
  const folder = join(dir, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'lab.json'), '{ "title": "test" }')
  writeFileSync(join(folder, 'driver.ts'), driver)
  return folder
}

const initOf = (body: string, imports = ''): string =>
  `import { module_init } from 'linux/module'\n${imports}function init() {\n  ${body}\n  return 0\n}\nmodule_init(init)\n`

describe('klab run', () => {
  it('answers the document of the contract, exit 1 with findings, 0 without', () => {
    const broken = klab('run', 'bug-01-broken', '--json')
    expect(broken.code).toBe(1)
    const doc = JSON.parse(broken.out)
    expect(Object.keys(doc)).toEqual([
      'lab', 'seed', 'strategy', 'steps', 'virtualNs', 'traceHash', 'dmesg', 'findings', 'result', 'resultText',
    ])
    expect(doc.findings[0]).toMatchObject({ kind: 'kasan.use-after-free', file: 'driver.ts' })
    expect(klab('run', 'bug-01-fixed', '--json').code).toBe(0)
  })

  const twoAllocations = `import { module_init, module_exit } from 'linux/module'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
class half { n = 0 }
let a: half | null = null
let b: half | null = null
function two_init() {
  a = kzalloc(half, GFP_KERNEL)
  if (!a) return -12
  b = kzalloc(half, GFP_KERNEL)
  if (!b) return -12
  return 0
}
function two_exit() {
  kfree(b)
  kfree(a)
}
module_init(two_init)
module_exit(two_exit)
`

  it('sweeps over the calls that can fail: exit 1 when one of these runs has findings', () => {
    const lab = labFolder('two-allocations', twoAllocations)
    expect(klab('run', lab).code).toBe(0)
    const { code, out } = klab('run', lab, '--fail', 'sweep', '--json')
    const doc = JSON.parse(out)
    expect(doc).toMatchObject({
      complete: true,
      baseline: [],
      failures: [
        { nth: 1, call: 'kmalloc', file: 'driver.ts', line: 7, findings: [], known: 0 },
        { nth: 2, line: 9, findings: [{ kind: 'leak.memory', line: 7 }] },
      ],
    })
    expect(code).toBe(1)
    const table = klab('run', lab, '--fail', 'sweep').out
    expect(table).toMatch(/^1 +kmalloc +driver.ts:7 +Finished with no findings\.$/m)
    expect(table).toMatch(/^2 +kmalloc +driver.ts:9 +leak\.memory: /m)
    expect(table).toContain('2 calls can fail; 1 failure leads to findings.')
  })

  it.each([
    ['--fail', 'all'],
    ['--fail', 'sweep', '--until', '5ms'],
    ['--fail', 'sweep', '--trace', 'x'],
  ])('refuses %s %s with a sentence', (...flags) => {
    const { code, err } = klab('run', 'bug-01-fixed', ...flags)
    expect(code).toBe(2)
    expect(err).toContain('--fail')
  })

  it("prints what a scenario writes to the kernel log between the module's lines", () => {
    const folder = labFolder('kmsg', initOf("printk('loading\\n')", "import { printk } from 'linux/printk'\n"))
    writeFileSync(
      join(folder, 'scenario.ts'),
      `import { echo, insmod } from 'klab/scenario'
export default function () {
  echo('/dev/kmsg', '<5>before')
  insmod('driver')
  echo('/dev/kmsg', 'after')
}
`,
    )
    const { dmesg } = JSON.parse(klab('run', folder, '--json').out)
    expect(dmesg.map((line: string) => line.replace(/^\[.*?\] /, ''))).toEqual(['before', 'loading', 'after'])
  })

  it('names a similar lab when there is none of that name', () => {
    const { code, err } = klab('run', 'bug-01-brokn')
    expect(code).toBe(2)
    expect(err).toContain('did you mean bug-01-broken?')
  })

  it.each([
    ['a syntax error', 'function (', /driver\.ts:1:\d+: /],
    ['an undeclared name', initOf('nonsense()'), /driver\.ts:3:\d+: .*nonsense/],
    ['process.exit', initOf('process.exit()'), /driver\.ts:3:\d+: .*process/],
  ])('%s is a compile error with file and line, exit 2', (name, driver, message) => {
    const { code, err } = klab('run', labFolder(name.replace(/\W/g, '-'), driver))
    expect(err).toMatch(message)
    expect(code).toBe(2)
  })

  it.each([
    ['an endless loop', initOf('while (true) {}'), 'soft-lockup', 3],
    ['a throw', initOf("throw 'x'"), 'oops', 3],
    ['a way out of the sandbox', initOf("(init as any).constructor.constructor('return process')()"), 'oops', 3],
    ['a 2 GB allocation', initOf('const a = new Uint8Array(2 ** 31)'), 'oops', 3],
  ])('%s is a finding at its line, exit 1', (name, driver, kind, line) => {
    const { code, out } = klab('run', labFolder(name.replace(/\W/g, '-'), driver), '--json')
    const { findings } = JSON.parse(out)
    expect(findings[0].kind).toContain(kind)
    expect(findings[0].line).toBe(line)
    expect(code).toBe(1)
  })

  it.each([
    [10_000, 4],
    [1_000_000, 5],
  ])('out of memory by %i is one sentence with the line of the loop or the call', (n, line) => {
    const body = `const all: number[][] = []\n  for (;;)\n    all.push(new Array(${n}).fill(1.5))`
    const { code, err } = klab('run', labFolder(`memory-${n}`, initOf(body)))
    expect(err).toBe(`klab: The lab ran out of memory (limit 1024 MiB) at driver.ts:${line}.\n`)
    expect(code).toBe(1)
  })

  it('a missing file is one sentence, exit 2', () => {
    const folder = labFolder('missing', "import { x } from './nowhere'\nx()\n")
    const { code, err } = klab('run', folder)
    expect(err).toContain("'./nowhere'")
    expect(code).toBe(2)
  })
})

describe('klab check and klab new', () => {
  it('names file, line and column of a type error, exit 2', () => {
    const { code, out } = klab('check', labFolder('types', initOf('const n: number = KBUILD_MODNAME', "import { KBUILD_MODNAME } from 'linux/nowhere'\n")))
    expect(out).toMatch(/^driver\.ts:2:\d+: /m)
    expect(code).toBe(2)
    const wrong = klab('check', labFolder('argument', initOf('msleep("long")', "import { msleep } from 'linux/delay'\n")))
    expect(wrong.out).toMatch(/^driver\.ts:4:10: .*not assignable to .*number/)
    expect(wrong.code).toBe(2)
  })

  it.each(['pci', 'misc', 'blank'])('the template %s has no type errors and runs without findings', (template) => {
    const folder = join(dir, `new-${template}`)
    expect(klab('new', template, folder).code).toBe(0)
    expect(klab('check', folder)).toMatchObject({ code: 0, out: '' })
    expect(klab('run', folder).code).toBe(0)
  })

  it('refuses a folder that is not empty, and names a similar template', () => {
    expect(klab('new', 'pci', labFolder('full', '')).err).toContain('is not empty')
    expect(klab('new', 'pcj', join(dir, 'other')).err).toContain('did you mean pci?')
  })
})

describe('klab explore, bundle, replay, export', () => {
  it('finds the bug, and the bundle of its schedule replays identically', () => {
    const explored = klab('explore', 'bug-04-broken', '--schedules', '50', '--jobs', '1', '--json')
    expect(explored.code).toBe(1)
    const doc = JSON.parse(explored.out)
    expect(doc.first.choices.length).toBeGreaterThan(0)
    const choices = join(dir, 'choices.json')
    const bundle = join(dir, 'a.klab')
    writeFileSync(choices, explored.out)
    expect(klab('bundle', 'bug-04-broken', '-o', bundle, '--choices', choices).code).toBe(0)
    const replayed = klab('replay', bundle, '--json')
    expect(JSON.parse(replayed.out)).toMatchObject({ identical: true })
    for (const format of ['chrome', 'ndjson', 'text']) {
      const file = join(dir, `t.${format}`)
      expect(klab('export', bundle, '--format', format, '-o', file).code).toBe(0)
      expect(readFileSync(file, 'utf8').length).toBeGreaterThan(1000)
    }
  })

  it('gives the same answer whatever the number of jobs', () => {
    const answer = (jobs: string): unknown => {
      const { out } = klab('explore', 'bug-03-broken', '--schedules', '240', '--jobs', jobs, '--json')
      const { schedules, distinct, findings, first } = JSON.parse(out)
      return { schedules, distinct, findings, first }
    }
    expect(answer('2')).toEqual(answer('1'))
  })

  it('reports no finding for a fixed lab', () => {
    const { code, out } = klab('explore', 'bug-01-fixed', '--schedules', '200', '--json')
    expect(JSON.parse(out)).toMatchObject({ schedules: 200, findings: [], first: null })
    expect(code).toBe(0)
  })

  it('refuses a damaged bundle with one sentence', () => {
    const file = join(dir, 'bad.klab')
    writeFileSync(file, 'hello')
    const { code, err } = klab('replay', file)
    expect(code).toBe(2)
    expect(err.trim().split('\n')).toHaveLength(1)
  })
})
