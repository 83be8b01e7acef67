import { beforeAll, expect, test } from 'vitest'
import { compileFile, isCompiled, type CompiledFile } from '../../../src-sim/compiler'
import { ALLOWED_GLOBALS } from '../../../src-sim/compiler/globals'
import { createSandbox, hardenApi, prepareRealm, type Sandbox } from '../../../src-sim/sandbox'
import { compiled, messages, MiniRuntime } from '../compiler/mini-runtime'

let sandbox: Sandbox

beforeAll(() => {
  prepareRealm()
  sandbox = createSandbox()
})

function load(text: string, imports: Record<string, unknown> = {}): { runtime: MiniRuntime; exports: any } {
  const runtime = new MiniRuntime()
  const exports = {}
  sandbox.evaluate(compiled(text))(runtime, imports, exports)
  return { runtime, exports }
}

function run(body: string, imports: Record<string, unknown> = {}): any {
  const { runtime, exports } = load(`export function main(): any { ${body} }`, imports)
  return runtime.run(exports.main)
}

/** Code that no compiler of ours has seen: what the sandbox alone must withstand. */
function raw(expression: string): unknown {
  const file = { ...compiled(''), code: `(function () { return (${expression}) })` } as CompiledFile
  const instantiate = sandbox.evaluate(file) as unknown as (...args: unknown[]) => unknown
  return instantiate(new MiniRuntime(), {}, {})
}

test('compiled code runs in the sandbox', () => {
  expect(run('let s = 0; for (const x of [1, 2, 3].map((v) => v * 2)) s += x; return s')).toBe(12)
})

test('a compiled file is evaluated once', () => {
  const file = compiled('export const a = 1')
  expect(sandbox.evaluate(file)).toBe(sandbox.evaluate(file))
})

test.each([
  ["({}).constructor.constructor('return process')()"],
  ["(function () {}).constructor('return this')()"],
  ["(function* () {}).constructor('return this')()"],
  ["(async () => {}).constructor('return this')()"],
  ["[].map.constructor('return globalThis')()"],
  ["process.exit()"],
  ["require('node:fs')"],
  ["Date.now()"],
  ["Math.random()"],
  ["setTimeout(() => {}, 0)"],
  ["eval('1')"],
  ["new Function('return 1')()"],
  ['(Array.prototype.map = () => 1)'],
  ["(Object.prototype.polluted = 1)"],
  ["(({}).__proto__.polluted = 1)"],
  ["Object.defineProperty(String.prototype, 'trim', { value: 1 })"],
  ["Object.setPrototypeOf(Object.prototype, { a: 1 })"],
  ["(globalThis.escaped = 1)"],
])('hostile code fails: %s', (expression) => {
  expect(() => raw(expression)).toThrow()
  expect((Object.prototype as any).polluted).toBeUndefined()
})

test('the global object holds nothing of the host', () => {
  for (const name of ['process', 'require', 'console', 'setTimeout', 'fetch', 'performance', 'Promise']) {
    expect(raw(`typeof globalThis.${name}`)).toBe('undefined')
  }
})

test('every allowed global exists in the sandbox', () => {
  const missing = [...ALLOWED_GLOBALS].filter((name) => name !== 'arguments' && name !== 'undefined')
    .filter((name) => raw(`typeof ${name}`) === 'undefined')
  expect(missing).toEqual([])
})

test('an import expression does not load anything', () => {
  expect(() => raw("import('node:fs')")).toThrow()
  const code = "import('node:fs')"
  expect(messages(`export const a = ${code}`)[0]).toContain('Modules cannot be loaded')
})

test('driver code cannot reach the function constructor', () => {
  expect(() => run("return ({} as any).constructor.constructor('return process')()")).toThrow()
})

test('endless recursion is an error that can be told', () => {
  const text = 'class node { next = new node() } export function main() { return new node() }'
  const { runtime, exports } = load(text)
  expect(() => runtime.run(exports.main)).toThrow(RangeError)
})

test.each([
  ['new Array(300_000_000)', 'MiB'],
  ['Array(300_000_000)', 'MiB'],
  ['new Uint8Array(2_000_000_000)', '1907 MiB'],
  ['new BigInt64Array(10_000_000)', '76 MiB'],
  ['new ArrayBuffer(2_000_000_000)', '1907 MiB'],
  ["'x'.repeat(200_000_000)", 'MiB'],
  ["'x'.padStart(200_000_000)", 'MiB'],
  ["'x'.padEnd(200_000_000, 'y')", 'MiB'],
  ['Array.from({ length: 100_000_000 })', 'MiB'],
  ['(() => { const a: number[] = []; a.length = 100_000_000; return a.fill(0) })()', 'MiB'],
])('a huge allocation names its line: %s', (expression, size) => {
  expect(() => run(`\n return ${expression}`)).toThrow(RangeError)
  expect(() => run(`\n return ${expression}`)).toThrow(/^driver\.ts:2:\d+: this asks for /)
  expect(() => run(`\n return ${expression}`)).toThrow(size)
})

test('allocations through another name are limited too', () => {
  expect(() => run('const A = Uint8Array; return new A(2_000_000_000)')).toThrow('driver.ts:1')
})

test('ordinary allocations work', () => {
  expect(run("return [new Array(3).length, Array(1, 2).length, new Uint8Array([1, 2])[1], 'ab'.repeat(2), new Uint8Array(new ArrayBuffer(8), 4).length]"))
    .toEqual([3, 2, 2, 'abab', 4])
})

test('texts that look like code are texts', () => {
  expect(run("return ['import(x)', 'eval(1)', '<!-- -->', `import(${1}) <!--`, /eval\\(|<!--/.source.length]"))
    .toEqual(['import(x)', 'eval(1)', '<!-- -->', 'import(1) <!--', 11 + 3])
})

test('text with the name of an import as a property works', () => {
  expect(run('const o = { import(x: number) { return x }, eval: (x: number) => x }; return o.import(1) + o.eval(2)')).toBe(3)
})

class Base { shared = 1; describe() { return `base ${this.shared}` } }
class Device extends Base { #hidden = 1; plain: unknown = null; bump() { return ++this.#hidden } }
const kernel = { Device, make: () => new Device(), FLAGS: { a: 1, nested: [1] } }

test('the kernel given to labs cannot be changed, what it makes can', () => {
  hardenApi(Object.values(kernel))
  const imports = { 'linux/slab': kernel }
  const using = (body: string): unknown => {
    const runtime = new MiniRuntime()
    const exports: any = {}
    const text = `import { Device, make, FLAGS } from 'linux/slab'
      export function main(): any { ${body} }`
    sandbox.evaluate(compiled(text))(runtime, imports, exports)
    return runtime.run(exports.main)
  }
  expect(() => using('Device.prototype.bump = () => 5')).toThrow(TypeError)
  expect(() => using("Object.defineProperty(Device.prototype, 'describe', { value: 1 })")).toThrow(TypeError)
  expect(() => using('(make as any).x = 1')).toThrow(TypeError)
  expect(() => using('FLAGS.nested.push(2)')).toThrow(TypeError)
  expect(using('const d = new Device(); d.plain = 4; d.shared = 7; d.extra = 1; return [d.bump(), d.plain, d.describe(), d.extra]'))
    .toEqual([2, 4, 'base 7', 1])
  expect(using('class mine extends Device { more = 2; describe() { return "own" } }; const m = new mine(); return [m.bump(), m.more, m.describe()]'))
    .toEqual([2, 2, 'own'])
})

test('a compile error is data, not an exception', () => {
  const result = compileFile({ path: 'a.ts', text: 'let', index: 0, kind: 'user' })
  expect(isCompiled(result)).toBe(false)
})
