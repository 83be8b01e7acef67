import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { KernelObject } from '../../../src-sim/engine/object'
import * as ht from '../../../src-sim/linux/hashtable'
import * as i from '../../../src-sim/linux/idr'
import * as f from '../../../src-sim/linux/kfifo'
import * as l from '../../../src-sim/linux/list'
import * as ll from '../../../src-sim/linux/llist'
import { GFP_KERNEL, kzalloc } from '../../../src-sim/linux/slab'
import { ptr } from '../../../src-sim/linux/types'
import * as x from '../../../src-sim/linux/xarray'
import { dmesg, kinds, run, sim } from '../harness'

class item extends KernelObject {
  id = 0
  node = new l.list_head()
  hash = new l.hlist_node()
  chain = new ll.llist_node()
}
const make = (id: number): item => {
  const it = kzalloc(item, GFP_KERNEL)!
  it.id = id
  return it
}

test('an xarray is a sorted map that survives changes while it is walked', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(30), fc.boolean())), (operations) => {
      const model = new Map<number, string>()
      let walked: [number, unknown][] = []
      run(function* (): Sim {
        const xa = x.DEFINE_XARRAY('xa')
        for (const [index, store] of operations) {
          if (store) model.set(index, `e${index}`)
          else model.delete(index)
          yield* sim(store ? x.xa_store(xa, index, `e${index}`, GFP_KERNEL) : x.xa_erase(xa, index))
        }
        for (const [index, entry] of x.xa_for_each(xa)) {
          walked.push([index, entry])
          yield* sim(x.xa_erase(xa, index))
        }
        if (!x.xa_empty(xa)) walked = []
      })
      expect(walked).toEqual([...model].sort(([a], [b]) => a - b))
    }),
  )
})

test('an allocating xarray hands out the lowest free index, cyclically the next one', () => {
  const seen: unknown[] = []
  run(function* (): Sim {
    const xa = x.DEFINE_XARRAY_ALLOC1('xa')
    const id = ptr<number>()
    const next = ptr<number>(0)
    const limit = x.XA_LIMIT(0, 3)
    for (let n = 0; n < 4; n++) seen.push(yield* sim(x.xa_alloc(xa, id, n, limit, GFP_KERNEL)), id.value)
    yield* sim(x.xa_erase(xa, 2))
    next.value = 3
    seen.push(yield* sim(x.xa_alloc_cyclic(xa, id, 'c', limit, next, GFP_KERNEL)), id.value, next.value)
    seen.push(yield* sim(x.xa_insert(xa, 2, 'd', GFP_KERNEL)))
    seen.push(yield* sim(x.xa_cmpxchg(xa, 2, 'c', 'e', GFP_KERNEL)), x.xa_load(xa, 2))
  })
  expect(seen).toEqual([0, 1, 0, 2, 0, 3, -16, 3, 1, 2, 3, -16, 'c', 'e'])
})

test('marks belong to entries and end with them', () => {
  const seen: unknown[] = []
  run(function* (): Sim {
    const xa = x.DEFINE_XARRAY('xa')
    for (const index of [1, 5, 9]) yield* sim(x.xa_store(xa, index, `e${index}`, GFP_KERNEL))
    x.xa_set_mark(xa, 5, x.XA_MARK_0)
    x.xa_set_mark(xa, 7, x.XA_MARK_0)
    seen.push([...x.xa_for_each_marked(xa, x.XA_MARK_0)])
    const at = ptr<number>(2)
    seen.push(x.xa_find(xa, at, 100, x.XA_PRESENT), x.xa_find_after(xa, at, 100, x.XA_PRESENT), at.value)
    yield* sim(x.xa_erase(xa, 5))
    seen.push(x.xa_marked(xa, x.XA_MARK_0))
  })
  expect(seen).toEqual([[[5, 'e5']], 'e5', 'e9', 9, false])
})

test('idr and ida give the lowest number, and an ida tells a wrong free', () => {
  const seen: unknown[] = []
  const machine = run(function* (): Sim {
    const idr = i.DEFINE_IDR()
    seen.push(i.idr_alloc(idr, 'a', 1, 3, GFP_KERNEL), i.idr_alloc(idr, 'b', 1, 3, GFP_KERNEL))
    seen.push(i.idr_alloc(idr, 'c', 1, 3, GFP_KERNEL), i.idr_find(idr, 2), i.idr_remove(idr, 1))
    seen.push(i.idr_alloc_cyclic(idr, 'd', 1, 0, GFP_KERNEL), i.idr_alloc_cyclic(idr, 'e', 1, 0, GFP_KERNEL))
    seen.push(yield* sim(i.idr_for_each(idr, (id) => (id === 2 ? 77 : 0), null)))
    const ida = i.DEFINE_IDA()
    seen.push(i.ida_alloc_min(ida, 4, GFP_KERNEL), i.ida_alloc_range(ida, 4, 4, GFP_KERNEL))
    i.ida_free(ida, 4)
    i.ida_free(ida, 4)
    seen.push(i.ida_is_empty(ida))
  })
  expect(seen).toEqual([1, 2, -28, 'b', 'a', 1, 3, 77, 4, -28, true])
  expect(kinds(machine)).toEqual(['warn.ida-free'])
})

test('a kfifo takes as many as fit and answers how many', () => {
  run(function* (): Sim {
    const fifo = f.DEFINE_KFIFO<number>('fifo', 4)
    const out: number[] = []
    const one = ptr<number>()
    expect(f.kfifo_in(fifo, [1, 2, 3, 4, 5], 5)).toBe(4)
    expect([f.kfifo_put(fifo, 9), f.kfifo_is_full(fifo), f.kfifo_avail(fifo)]).toEqual([0, true, 0])
    expect([f.kfifo_peek(fifo, one), one.value, f.kfifo_get(fifo, one), one.value]).toEqual([1, 1, 1, 1])
    expect([f.kfifo_out(fifo, out, 9), out]).toEqual([3, [2, 3, 4]])
    expect(f.kfifo_get(fifo, one)).toBe(0)
  })
})

test('list operations move entries; walks go on from anywhere', () => {
  const seen: unknown[] = []
  run(function* (): Sim {
    const head = l.LIST_HEAD()
    const [a, b, c] = [make(1), make(2), make(3)]
    for (const it of [a, b, c]) l.list_add_tail(it.node, head)
    const ids = (): number[] => [...l.list_for_each_entry(head, item, 'node')].map((it) => it.id)
    l.list_rotate_left(head)
    seen.push(ids(), l.list_count_nodes(head))
    l.list_swap(b.node, a.node)
    seen.push(ids(), l.list_next_entry(a, 'node').id)
    seen.push([...l.list_for_each_entry_continue(a, head, 'node')].map((it) => it.id))
    seen.push([...l.list_for_each_entry_from(c, head, 'node')].map((it) => it.id))
    for (const it of l.list_for_each_entry_safe_reverse(head, item, 'node')) l.list_del(it.node)
    seen.push(l.list_empty(head))
  })
  expect(seen).toEqual([[2, 3, 1], 3, [1, 3, 2], 3, [3, 2], [3, 2], true])
})

test('DEBUG_LIST tells a second removal and a second adding, and leaves the list alone', () => {
  const machine = run(function* (): Sim {
    const head = l.LIST_HEAD()
    const [a, b] = [make(1), make(2)]
    l.list_add(a.node, head)
    l.list_add(a.node, head)
    l.list_add_tail(b.node, head)
    l.list_del(b.node)
    l.list_del(b.node)
    expect([...l.list_for_each_entry(head, item, 'node')]).toEqual([a])
  })
  const told = dmesg(machine).filter((line) => line.startsWith('list_'))
  expect(told[0]).toMatch(/^list_add double add: new=\w+, prev=\w+, next=\w+\.$/)
  expect(told[1]).toMatch(/^list_del corruption, \w+->next is LIST_POISON1 \(dead000000000100\)$/)
})

test('a hash table finds what was added under a key', () => {
  const seen: unknown[] = []
  run(function* (): Sim {
    const table = ht.DEFINE_HASHTABLE('table', 3)
    const items = [10, 20, 30].map(make)
    for (const it of items) ht.hash_add(table, it.hash, it.id)
    const find = (key: number): number[] =>
      [...ht.hash_for_each_possible(table, item, 'hash', key)].map((it) => it.id).filter((id) => id === key)
    seen.push(find(20), ht.hash_for_each(table, item, 'hash').map((it) => it.id).sort())
    ht.hash_del(items[1]!.hash)
    ht.hash_del(items[1]!.hash)
    seen.push(find(20), ht.hash_hashed(items[1]!.hash), ht.hash_empty(table))
  })
  expect(seen).toEqual([[20], [10, 20, 30], [], false, false])
})

test('hlist neighbours stay linked when one goes', () => {
  const seen: unknown[] = []
  run(function* (): Sim {
    const head = l.HLIST_HEAD()
    const [a, b, c] = [make(1), make(2), make(3)]
    l.hlist_add_head(a.hash, head)
    l.hlist_add_behind(c.hash, a.hash)
    l.hlist_add_before(b.hash, c.hash)
    const ids = (): number[] => [...l.hlist_for_each_entry(head, item, 'hash')].map((it) => it.id)
    seen.push(ids())
    l.hlist_del(b.hash)
    seen.push(ids())
    for (const it of l.hlist_for_each_entry_safe(head, item, 'hash')) l.hlist_del(it.hash)
    seen.push(l.hlist_empty(head))
  })
  expect(seen).toEqual([[1, 2, 3], [1, 3], true])
})

test('a lock-free stack gives one or all, newest first', () => {
  const seen: unknown[] = []
  run(function* (): Sim {
    const head = ll.LLIST_HEAD()
    for (const id of [1, 2, 3]) seen.push(ll.llist_add(make(id).chain, head))
    seen.push(ll.llist_entry(ll.llist_del_first(head)!, item, 'chain').id)
    seen.push(ll.llist_for_each_entry(ll.llist_del_all(head), item, 'chain').map((it) => it.id))
  })
  expect(seen).toEqual([true, false, false, 3, [2, 1]])
})
