import { expect, test } from 'vitest'
import { LazyMap } from '../../../src-sim/base/lazy-map'

test('makes each value once, when it is asked for', () => {
  const made: string[] = []
  const make = (name: string) => (): string => {
    made.push(name)
    return name.toUpperCase()
  }
  const map = new LazyMap(new Map([['a', make('a')], ['b', make('b')]]))
  expect([map.size, map.has('b'), map.has('c'), [...map.keys()]]).toEqual([2, true, false, ['a', 'b']])
  expect(made).toEqual([])
  expect([map.get('b'), map.get('b'), map.get('c')]).toEqual(['B', 'B', undefined])
  expect(made).toEqual(['b'])
  expect([...map]).toEqual([['a', 'A'], ['b', 'B']])
  expect([...map.values()]).toEqual(['A', 'B'])
  expect(made).toEqual(['b', 'a'])
})
