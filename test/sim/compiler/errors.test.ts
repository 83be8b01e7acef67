import { expect, test } from 'vitest'
import { compileLab, type SourceFile } from '../../../src-sim/compiler'
import { messages } from './mini-runtime'

test.each<[string, string, RegExp]>([
  ['async functions', 'async function f() {}', /^1:1 Kernel code cannot be async/],
  ['async arrows', 'export const f = async () => 1', /^1:18 Kernel code cannot be async/],
  ['await', 'await f()', /^1:1 Kernel code cannot be async/],
  ['for await', 'for await (const x of []) x', /cannot be async/],
  ['generators', 'function* f() { yield 1 }', /^1:1 Kernel code cannot be a generator/],
  ['generator methods', 'class A { *f() {} }', /^1:11 Kernel code cannot be a generator/],
  ['eval', "eval('1')", /^1:1 eval does not exist in a lab: code cannot be made from text/],
  ['Function', "new Function('1')", /^1:5 Function does not exist/],
  ['with', 'with (o) {}', /^1:1 This is not TypeScript: 'with' in strict mode\.$/],
  ['dynamic import', "import('linux/pci')", /^1:1 Modules cannot be loaded while code runs/],
  ['import.meta', 'export const a = import.meta.url', /^1:18 import\.meta does not exist/],
  ['require', "require('x')", /^1:1 require does not exist in a lab: write an import/],
  ['Date', 'export const t = Date.now()', /^1:18 Date does not exist in a lab: use ktime_get\(\)/],
  ['Math.random', 'export const r = Math.random()', /^1:18 Math\.random differs .* use get_random_u32\(\)/],
  ['Math.sin', 'export const r = Math.sin(1)', /Math\.sin differs between machines/],
  ['setTimeout', 'setTimeout(f, 1)', /setTimeout does not exist in a lab: use a timer_list/],
  ['console', 'console.log(1)', /console does not exist in a lab: use pr_info\(\)/],
  ['process', 'process.exit(1)', /process does not exist in a lab/],
  ['globalThis', 'globalThis.x = 1', /globalThis does not exist in a lab/],
  ['Promise', 'export const p = Promise.resolve()', /Promise does not exist in a lab: kernel code sleeps/],
  ['floats', 'export const f = new Float64Array(1)', /Float64Array does not exist in a lab/],
  ['undeclared names', 'export const a = b', /^1:18 b is not declared/],
  ['undeclared targets', 'x = 1', /^1:1 x is not declared/],
  ['undeclared destructuring targets', '[x.y, z] = [1, 2]', /^1:2 x is not declared/],
  ['assignment to imports', "import { a } from './a'\na = 1", /^2:1 a is imported and cannot be assigned/],
  ['increment of imports', "import { a } from './a'\na++", /^2:1 a is imported/],
  ['destructuring into imports', "import { a } from './a'; [{ b: a }] = [{ b: 1 }]", /a is imported/],
  ['writes to namespaces', "import * as a from './a'; a.b = 1", /a is imported/],
  ['unknown modules', "import fs from 'node:fs'", /^1:16 'node:fs' cannot be imported: a lab has linux\/\*/],
  ['unknown re-exports', "export { x } from 'lodash'", /'lodash' cannot be imported/],
  ['export all', "export * from './a'", /^1:1 Name what is exported/],
  ['reserved names', 'const $a = 1', /^1:7 Names that begin with '\$' belong to the lab: choose another name for \$a\./],
  ['reserved properties', 'export const f = (o: any) => o.$dead', /choose another name for \$dead/],
  ['reserved private names', 'class A { #$x = 1 }', /choose another name for #\$x/],
  ['module-level arguments', 'export const a = arguments', /^1:18 arguments exists in functions only/],
  ['arguments of top-level arrows', 'export const a = () => arguments', /arguments exists in functions only/],
  ['syntax', 'function f( {', /^1:14 This is not TypeScript: /],
  ['missing parts', 'let a = ;', /^1:9 This is not TypeScript: Unexpected token\.$/],
  ['double declarations', 'let a = 1\nlet a = 2', /^2:5 This is not TypeScript: Identifier 'a' has already been declared\.$/],
  ['assignment to constants', 'const a = 1\na = 2', /^2:1 a is a constant: declare it with let/],
  ['namespaces', 'namespace N { export const a = 1 }', /^1:1 Namespaces do not exist in a lab/],
  ['import equals', "import a = require('./a')", /^1:1 Write import \{ name \}/],
  ['export equals', 'export = 1', /^1:1 Write export default/],
  ['super in inner functions', 'class A extends Object { constructor() { (() => super())() } }', /Call super\(\) directly/],
  ['super writes in arrows', 'class A { f() { return () => { super.x = 1 } } }', /Assign to this instead of super/],
  ['calls of grouped chains', 'export const f = (a: any) => (a?.b)()', /Leave out the parentheses/],
  ['decorators', '@d class A {}', /^1:1 This is not TypeScript/],
])('%s', (_name, text, message) => {
  const all = messages(text)
  expect(all[0]).toMatch(message)
  for (const one of all) expect(one).toMatch(/[.?]$/)
})

test('all errors of a file are told, in order', () => {
  expect(messages('export const a = b\nconsole.log(c)').map((m) => m.split(' ')[0])).toEqual(['1:18', '2:1', '2:13'])
})

const api = new Map([
  ['linux/slab', new Set(['kzalloc', 'kfree'])],
  ['linux/pci', new Set(['pci_iomap'])],
])

test.each<[string, string, string]>([
  ['headers', "import { a } from 'linux/slob'", "1:19 There is no header 'linux/slob': did you mean linux/slab?"],
  ['names', "import { kzaloc } from 'linux/slab'; kzaloc()", "1:10 'linux/slab' has no kzaloc: did you mean kzalloc?"],
  ['headers of names', "import { pci_iomap } from 'linux/slab'; pci_iomap()", "1:10 'linux/slab' has no pci_iomap: import it from 'linux/pci'."],
  ['missing imports', 'kfree(1)', "1:1 kfree is not declared: import it from 'linux/slab'."],
])('unknown %s of the kernel', (_name, text, message) => {
  expect(messages(text, { api })).toEqual([message])
})

test('types of the kernel are not looked up', () => {
  expect(messages("import { pci_dev } from 'linux/pci'\nexport const f = (d: pci_dev) => d", { api })).toEqual([])
})

function lab(files: Record<string, string>): ReturnType<typeof compileLab> {
  const list = Object.entries(files).map(([path, text], index): SourceFile => ({ path, text, index, kind: 'driver' }))
  return compileLab(list)
}

test('files of a lab are linked', () => {
  const result = lab({
    'driver.ts': "import { a } from './lib/a'; import b from './b.ts'; export const c = [a, b]",
    'lib/a.ts': "import { c } from '../driver'; export const a = () => c",
    'b.ts': 'export default 1',
  })
  if ('errors' in result) throw new Error(JSON.stringify(result.errors))
  expect(result.files.map((f) => f.resolved)).toEqual([
    { './lib/a': 'lib/a.ts', './b.ts': 'b.ts' }, { '../driver': 'driver.ts' }, {},
  ])
})

test('missing files and names are told with their place', () => {
  const result = lab({
    'driver.ts': "import { a, b } from './a'\nimport { x, y } from './nope'\nexport default [a, b, x, y]",
    'a.ts': 'export const a = 1; interface T {}; export type { T }',
    'c.ts': "import { T } from './a'; export const t = (x: T) => x",
  })
  expect('errors' in result && result.errors).toEqual([
    { path: 'driver.ts', line: 1, column: 13, message: 'a.ts does not export b: write export in front of its declaration.' },
    { path: 'driver.ts', line: 2, column: 10, message: "There is no file './nope' in this lab: create it or correct the name." },
  ])
})
