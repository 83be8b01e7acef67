import { describe, expect, test } from 'vitest'
import { functionAt } from '../../../src-sim/compiler'
import { columnOf, fileOf, lineOf } from '../../../src-sim/engine/position'
import { POINT, type Suspension } from '../../../src-sim/engine/suspend'
import { compiled, Fatal, load, MiniRuntime, runMain, type MiniOptions } from './mini-runtime'

/** Runs `body` with `d`, an object that has been freed, as the parameter of `main`. */
function touch(body: string, options: MiniOptions = {}): string {
  const runtime = new MiniRuntime(options)
  const { main } = load(compiled(`class node { n = 1 }\nexport function main(d: any) {\n${body}\n}`), runtime)
  try {
    runtime.run(main as () => unknown, { $dead: 'freed', n: 1, m() {}, list: [1] })
  } catch (error) {
    if (error instanceof Fatal) return `${error.message} at ${lineOf(runtime.p)}:${columnOf(runtime.p)}`
    throw error
  }
  return 'alive'
}

describe('freed memory', () => {
  test.each([
    ['return d.n', 'read of n in freed at 3:10'],
    ['return 1 + d["n"]', 'read of n in freed at 3:12'],
    ['d.n = 1', 'write of n in freed at 3:3'],
    ['d.n += 1', 'read of n in freed at 3:3'],
    ['d.n++', 'read of n in freed at 3:3'],
    ['d.n ??= 1', 'read of n in freed at 3:3'],
    ['delete d.n', 'write of n in freed at 3:10'],
    ['d.m()', 'read of m in freed at 3:3'],
    ['d?.n', 'read of n in freed at 3:4'],
    ['d.m?.()', 'read of m in freed at 3:3'],
    ['const { n } = d; return n', 'read of n in freed at 3:15'],
    ['return { ...d }', 'read of * in freed at 3:13'],
    ['for (const x in d) return x', 'read of * in freed at 3:17'],
    ['return "n" in d', 'read of in in freed at 3:15'],
    ['[d.n] = [1]', 'write of n in freed at 3:4'],
    ['const f = ({ n }: any) => n; return f(d)', 'read of n in freed at 3:12'],
    ['for (const { n } of [d]) return n', 'read of n in freed at 3:12'],
    ['try { d.n } catch { return 1 }', 'read of n in freed at 3:9'],
    ['try { d.n } finally { return 1 }', 'read of n in freed at 3:9'],
  ])('%s', (body, report) => expect(touch(body)).toBe(report))

  test('passing a pointer on is no access', () => {
    expect(touch('const e = d; const l = [d]; return e === l[0] && d !== null')).toBe('alive')
  })

  test('memory freed while the access waited is caught', () => {
    const object: { n: number; $dead?: string } = { n: 1 }
    const runtime = new MiniRuntime({ watch: true, onSuspend: () => (object.$dead = 'freed meanwhile') })
    const { main } = load(compiled('export function main(d: any) { return d.n }'), runtime)
    expect(() => runtime.run(main as () => unknown, object)).toThrow('read of n in freed meanwhile')
  })

  test('catch and finally of every frame are passed by', () => {
    const log: string[] = []
    const text = `import { log } from 'klab/log'
      function inner(d: any) { try { return d.n } catch { log('catch') } finally { log('finally') } }
      export function main(d: any) { try { inner(d) } catch (e) { log('outer') } finally { log('last') } }`
    const runtime = new MiniRuntime()
    const { main } = load(compiled(text), runtime, { 'klab/log': { log: (s: string) => log.push(s) } })
    expect(() => runtime.run(main as () => unknown, { $dead: 'freed' })).toThrow(Fatal)
    expect(log).toEqual([])
  })
})

describe('buffers', () => {
  const run = (body: string): unknown => runMain(`export function main() { const b = new Uint8Array(4); ${body} }`)
  test.each(['return b[4]', 'b[4] = 1', 'let i = 7; b[i]++', 'return b[-1]'])('%s is out of bounds', (body) => {
    expect(() => run(body)).toThrow(/out of bounds/)
  })
  test('inside the bounds nothing is said', () => {
    expect(run('b[3] = 7; const a: number[] = []; a[5] = 1; return b[3] + b.length + a.length')).toBe(17)
  })
})

describe('suspensions', () => {
  const labels = (suspension: Suspension): string =>
    suspension.kind === 'point' ? String(suspension.object ?? 'nothing') : suspension.kind

  function trace(body: string, options: MiniOptions, quiet = false): string[] {
    const seen: string[] = []
    const runtime = new MiniRuntime({ ...options, onSuspend: (s) => seen.push(labels(s)) })
    const act = Object.assign((x: unknown) => x, quiet ? { $quiet: true } : {})
    const text = `import { act } from 'linux/slab'
import * as all from 'linux/slab'
export function main(o: any) { ${body} }`
    const { main } = load(compiled(text), runtime, { 'linux/slab': { act } })
    runtime.run(main as () => unknown, { n: 1 })
    return seen
  }

  test('kernel calls are points, with their first argument', () => {
    expect(trace('act("a", 1); act(); all.act("b"); [1].map(() => act("c"))', {})).toEqual(['a', 'nothing', 'b', 'c'])
  })
  test('quiet kernel functions are none', () => {
    expect(trace('act("a")', {}, true)).toEqual([])
  })
  test('the arguments are evaluated before the point', () => {
    const order: string[] = []
    const runtime = new MiniRuntime({ onSuspend: () => order.push('point') })
    const text = `import { act } from 'linux/slab'
      export function main(note: any) { const f = () => note('argument'); act(f()) }`
    const { main } = load(compiled(text), runtime, { 'linux/slab': { act: () => order.push('call') } })
    runtime.run(main as () => unknown, (s: string) => order.push(s))
    expect(order).toEqual(['argument', 'point', 'call'])
  })
  test('accesses are points only while they are watched', () => {
    expect(trace('o.n++', {})).toEqual([])
    expect(trace('o.n++; o.m = 2', { watch: true })).toEqual(['n', 'n', 'm'])
  })
  test('variables of the file that functions change are watched', () => {
    const runtime = new MiniRuntime({ watch: true })
    const { main } = load(compiled('let count = 0, fixed = 1\nexport function main() { count++; return fixed + count }'), runtime)
    expect(runtime.run(main as () => unknown)).toBe(2)
    expect(runtime.accesses).toEqual(['read count', 'write count', 'read count'])
  })
  test('an increment lets others in between reading and writing', () => {
    const object = { n: 1 }
    const runtime = new MiniRuntime({ watch: true, onSuspend: (s) => { if (s === POINT && runtime.accesses.length === 2) object.n = 10 } })
    const { main } = load(compiled('export function main(o: any) { o.n++ }'), runtime)
    runtime.run(main as () => unknown, object)
    expect(object.n).toBe(2)
  })
  test('loops burn fuel, in all forms', () => {
    expect(trace('for (;;) break; for (const x of [1]) x; for (const k in o) k; let i = 1; while (i--); do i--; while (i > 0)', { fuel: 0 }))
      .toEqual(['loop', 'loop', 'loop', 'loop', 'loop'])
  })
  test('constructors and accessors run to their end', () => {
    expect(trace('class A { n = act(1); constructor() { act(2); for (;;) break } get g() { return act(3) } }; new A().g; act("after")', { fuel: 0 }))
      .toEqual(['after'])
  })
})

describe('what the engine is told', () => {
  const text = `import { act } from 'linux/slab'
class node { n = 1 }
const kept = new node()
const later = () => act(kept)
export function first() { return act(1) }
export default function second(): unknown { return new node() }
`
  const runtime = new MiniRuntime()
  let at = 0
  const exports = load(compiled(text), runtime, { 'linux/slab': { act: () => (at = runtime.p) } })

  test('the functions of a file are its text', () => {
    expect([...runtime.texts.keys()].map((f) => (f as () => void).name).sort()).toEqual(['first', 'later', 'second'])
  })
  test('objects are adopted, at the top level too', () => {
    runtime.run(exports['default'])
    expect(runtime.adopted).toHaveLength(2)
  })
  test('positions name file, line and column of a call', () => {
    runtime.run(exports['first'])
    expect([fileOf(at), lineOf(at), columnOf(at)]).toEqual([3, 5, 34])
  })
  test('unloaded text does not run', () => {
    runtime.dead[3] = 1
    expect(() => runtime.run(exports['first'])).toThrow('unloaded text')
    runtime.dead[3] = 0
  })
  test('a position is inside a function with a name', () => {
    const file = compiled('class A { f() { return [1].map((x) => x) } }\nfunction g() {}\n')
    const name = (line: number, column: number): string | undefined => functionAt(file, line, column)?.name
    expect([name(1, 20), name(1, 38), name(2, 14), name(1, 3)]).toEqual(['A.f', 'A.f.lambda', 'g', undefined])
  })
  test('a position of an access has its text', () => {
    const file = compiled('export function f(d: any) { return d.ring[2].head }')
    expect(Object.values(file.accesses).sort()).toEqual(['d.ring', 'd.ring[2]', 'd.ring[2].head'])
  })
  test('the map leads back to the source', () => {
    expect(compiled(text).map).toMatchObject({ version: 3, sources: ['driver.ts'] })
  })
})

describe('modules', () => {
  test('exports are live, under all their names', () => {
    const runtime = new MiniRuntime()
    const exports = load(compiled('let n = 1; export { n, n as m, bump as default }; export const k = 5, { a, b: [c] } = { a: 1, b: [2] }; function bump() { n++ }'), runtime)
    runtime.run(exports['default'])
    expect({ ...exports, default: 0 }).toEqual({ n: 2, m: 2, k: 5, a: 1, c: 2, default: 0 })
  })
  test('imports are live', () => {
    const slab = { jiffies: 1 }
    const util = { n: 1 }
    const text = `import { jiffies } from 'linux/slab'; import { n as x } from './util'; import * as u from './util'; import d from './util'
      export { jiffies, x }; export { n as again } from './util'
      export function main() { const o = { x, jiffies }; return [o.x, u.n, o.jiffies, d] }`
    const runtime = new MiniRuntime()
    const exports = load(compiled(text), runtime, { 'linux/slab': slab, './util': { get n() { return util.n }, default: 9 } })
    util.n = 5
    slab.jiffies = 7
    expect(runtime.run(exports['main'])).toEqual([5, 5, 7, 9])
    expect([exports['x'], exports['again'], exports['jiffies']]).toEqual([5, 5, 7])
  })
  test('shadowed imports are ordinary variables', () => {
    const text = `import { act } from 'linux/slab'
      export function main() { const act = (x: number) => x + 1; return act(1) }
      export const other = act`
    const runtime = new MiniRuntime()
    expect(runtime.run(load(compiled(text), runtime, { 'linux/slab': { act: 5 } })['main'])).toBe(2)
    expect(runtime.suspensions).toBe(0)
  })
  test('TypeScript goes away', () => {
    const text = `import type { x } from 'linux/slab'
import { type gfp_t } from 'linux/slab'
import { pci_dev } from 'linux/pci'
enum Mode { Off, On = 5 }
interface State { mode: Mode }
abstract class Base<T> { declare hidden: number; value!: T; constructor(readonly tag: string, public n = 2) {} abstract f(): number }
class Derived extends Base<number> { override f(this: Derived): number { return this.n! as number } }
declare const nothing: gfp_t
function over(a: string): string
function over(a: number): number
function over(a: any) { return a satisfies unknown }
export type { State }
export function main(dev?: pci_dev) { const d = new Derived('t'); return [d.f(), d.tag, Mode.On, Mode[0], over(3), 'value' in d, 'hidden' in d] }`
    expect(runMain(text)).toEqual([2, 't', 5, 'Off', 3, true, false])
    expect(compiled(text).imports).toEqual([])
  })
})
