import { expect, test } from 'vitest'
import { compiled, runMain } from './mini-runtime'

test('a driver compiles and runs', () => {
  const file = compiled(`
import { kzalloc, type gfp_t } from 'linux/slab'
class demo { n = 0; handlers = [() => this.n] ; inc(by: number = this.n + 1) { this.n += by; return this } }
export function main(): number {
  const d = new demo()
  d.inc(2).inc()
  let s = 0
  for (const h of d.handlers) s += h()
  const { n, ...rest } = d
  const k = kzalloc(s, n)
  return [1,2,3].map(x => x * k.v).reduce((a, b) => a + b, rest?.handlers?.length ?? 0)
}
`)
  console.log(file.code, file.functions)
  expect(runMain(`export function main(): number { return 1 }`)).toBe(1)
})
