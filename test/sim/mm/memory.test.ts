import { expect, test } from 'vitest'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import type { Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import { kthread_run } from '../../../src-sim/linux/kthread'
import * as mp from '../../../src-sim/linux/mempool'
import * as p from '../../../src-sim/linux/percpu'
import * as pc from '../../../src-sim/linux/percpu_counter'
import { migrate_disable, migrate_enable, smp_processor_id } from '../../../src-sim/linux/preempt'
import * as sched from '../../../src-sim/linux/sched'
import * as s from '../../../src-sim/linux/slab'
import { on_each_cpu, smp_call_function_single } from '../../../src-sim/linux/smp'
import { in_hardirq } from '../../../src-sim/linux/preempt'
import { kcall, kinds, run, sim } from '../harness'

class stats {
  count = 0
}

test('each CPU adds to its own; the sum is exact under any schedule', () => {
  for (let seed = 0; seed < 30; seed++) {
    let sum = -1
    run(
      function* (): Sim {
        const each = p.DEFINE_PER_CPU(stats, 'each')
        yield* sim(on_each_cpu(() => {
          p.this_cpu_inc(each, 'count')
          p.this_cpu_add(each, 'count', 4)
        }, null, 1))
        sum = p.for_each_possible_cpu().reduce((all, cpu) => all + p.per_cpu(each, cpu).count, 0)
      },
      { seed, cpus: 3, strategy: seed === 0 ? undefined : randomStrategy(seed) },
    )
    expect(sum).toBe(15)
  }
})

test('numbers and structures of a CPU are read, written, exchanged and pointed to', () => {
  run(function* (): Sim {
    const hits = p.DEFINE_PER_CPU(5)
    p.this_cpu_write(hits, 7)
    expect([p.this_cpu_read(hits), p.this_cpu_add_return(hits, 3), p.this_cpu_xchg(hits, 1)]).toEqual([7, 10, 10])
    expect([p.this_cpu_cmpxchg(hits, 1, 2), p.this_cpu_cmpxchg(hits, 1, 3), p.this_cpu_read(hits)]).toEqual([1, 2, 2])
    p.per_cpu_ptr(hits, 1).value = 9
    expect(p.per_cpu(hits, 1)).toBe(9)
    const data = p.alloc_percpu(stats)!
    p.get_cpu_ptr(data).count++
    p.put_cpu_ptr(data)
    expect(p.per_cpu_ptr(data, 0).count).toBe(1)
    p.free_percpu(data)
  })
})

test('a call on another CPU runs in an interrupt there, one on this CPU runs here', () => {
  const seen: string[] = []
  run(function* (): Sim {
    const note = (tag: string): void => void seen.push(`${tag} ${smp_processor_id()} ${in_hardirq()}`)
    yield* sim(smp_call_function_single(1, note, 'other', 1))
    yield* sim(smp_call_function_single(0, note, 'self', 1))
    seen.push(String(yield* sim(smp_call_function_single(9, note, 'none', 1))))
  })
  expect(seen).toEqual(['other 1 true', 'self 0 false', '-6'])
})

test('a task moves when it is told to, and stays while migration is off', () => {
  const seen: number[] = []
  run(function* (): Sim {
    seen.push(yield* sim(sched.set_cpus_allowed_ptr(sched.get_current(), 2)), smp_processor_id())
    seen.push(yield* sim(sched.set_cpus_allowed_ptr(sched.get_current(), 4)))
    migrate_disable()
    migrate_disable()
    yield* sim(sched.set_cpus_allowed_ptr(sched.get_current(), 1))
    yield* sim(msleep(5))
    seen.push(smp_processor_id())
    migrate_enable()
    migrate_enable()
    yield* sim(msleep(5))
    seen.push(smp_processor_id())
  })
  expect(seen).toEqual([0, 1, -22, 1, 0])
})

test('a cache calls its constructor, and tells objects that are left and foreign ones', () => {
  let made = 0
  const machine = run(function* (): Sim {
    const cache = s.kmem_cache_create('demo', stats, 0, 0, (o: stats) => {
      made++
      o.count = 5
    })!
    const other = s.KMEM_CACHE(stats, 0)!
    const [a, b] = [s.kmem_cache_alloc<stats>(cache, s.GFP_KERNEL)!, s.kmem_cache_alloc<stats>(cache, s.GFP_KERNEL)!]
    expect(a.count).toBe(5)
    s.kmem_cache_free(other, a)
    yield* kcall(s.kmem_cache_destroy, cache)
    s.kmem_cache_free(cache, b)
    yield* kcall(s.kmem_cache_destroy, cache)
  })
  expect(made).toBe(2)
  expect(kinds(machine)).toEqual(['warn.slab-wrong-cache', 'warn.slab-objects-left'])
})

test('a pool lives on its reserve and lets callers wait for what comes back', () => {
  const seen: string[] = []
  run(function* (): Sim {
    let supply = 1
    const pool = (yield* sim(mp.mempool_create(1, () => (supply-- > 0 ? {} : null), () => seen.push('freed'), null)))!
    const element = yield* sim(mp.mempool_alloc(pool, s.GFP_KERNEL))
    seen.push(`atomic ${yield* sim(mp.mempool_alloc(pool, s.GFP_ATOMIC))}`)
    kthread_run(function* (): Sim {
      yield* sim(mp.mempool_alloc(pool, s.GFP_KERNEL))
      seen.push('got')
    } as never, null, 'waiter')
    yield* sim(msleep(5))
    seen.push('gives')
    yield* sim(mp.mempool_free(element, pool))
    yield* sim(msleep(5))
    yield* sim(mp.mempool_free({}, pool))
    yield* sim(mp.mempool_destroy(pool))
  })
  expect(seen).toEqual(['atomic null', 'gives', 'got', 'freed'])
})

test('krealloc keeps the bytes and ends the old block', () => {
  const machine = run(function* (): Sim {
    const old = s.kmalloc(4, s.GFP_KERNEL)!
    old.set([1, 2, 3, 4])
    const block = s.krealloc(old, 8, s.GFP_KERNEL)!
    expect([...block]).toEqual([1, 2, 3, 4, 0, 0, 0, 0])
    expect(s.ksize(block)).toBe(8)
    s.kfree(block)
  })
  expect(machine.stop).toBe('finished')
})

test('a counter of all CPUs is cheap to read and exact to sum', () => {
  run(function* (): Sim {
    const counter = new pc.percpu_counter()
    pc.percpu_counter_init(counter, 10, s.GFP_KERNEL)
    for (let n = 0; n < 5; n++) pc.percpu_counter_inc(counter)
    expect([pc.percpu_counter_read(counter), pc.percpu_counter_sum(counter)]).toEqual([10, 15])
    pc.percpu_counter_add(counter, 100)
    expect(pc.percpu_counter_read(counter)).toBe(115)
  })
})
