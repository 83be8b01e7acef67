import { beforeAll, expect, test } from 'vitest'
import { prepareRealm } from '../../../src-sim/sandbox'

beforeAll(prepareRealm)

const TYPED = Object.getPrototypeOf(Uint8Array.prototype) as object

test.each([
  ['Object', Object.prototype],
  ['Array', Array.prototype],
  ['TypedArray', TYPED],
  ['Uint32Array', Uint32Array.prototype],
  ['Float64Array', Float64Array.prototype],
  ['Map', Map.prototype],
])('the prototype %s.prototype is frozen', (_name, prototype) => {
  expect(Object.isFrozen(prototype)).toBe(true)
})

test.each([...['constructor', 'hasOwnProperty', 'isPrototypeOf', 'toString', 'valueOf']])(
  'an object can have a %s of its own, which all objects keep',
  (key) => {
    const own: Record<string, unknown> = {}
    const inherited = ({} as Record<string, unknown>)[key]
    own[key] = 7
    expect(own[key]).toBe(7)
    expect(Object.keys(own)).toEqual([key])
    expect(({} as Record<string, unknown>)[key]).toBe(inherited)
    own[key] = 8
    expect(own[key]).toBe(8)
    expect(() => ((Object.prototype as unknown as Record<string, unknown>)[key] = 9)).toThrow(TypeError)
  },
)

test('an error class can set its message and name by assignment', () => {
  class Trouble extends Error {
    constructor() {
      super()
      this.message = 'wet'
      this.name = 'Trouble'
    }
  }
  expect(String(new Trouble())).toBe('Trouble: wet')
})

test('arrays are iterated by the native method, not by way of an accessor', () => {
  const property = Object.getOwnPropertyDescriptor(Array.prototype, Symbol.iterator)!
  expect(property.value).toBe(Array.prototype.values)
})

test('what an accessor hides is hardened too', () => {
  for (const key of ['valueOf', 'isPrototypeOf'] as const)
    expect(Object.isFrozen(Object.prototype[key])).toBe(true)
})
