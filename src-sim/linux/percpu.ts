import { machine, now } from '../engine/current'
import { kernelCall, quiet } from '../kernel/api'
import { mightAlloc } from '../kernel/locking/fs-reclaim'
import * as p from '../kernel/mm/percpu'
import { slab } from '../kernel/mm/slab'
import { preemptDisable, preemptEnable } from '../kernel/sched/schedule'
import { GFP_KERNEL } from './slab'
import type { gfp_t, ptr } from './types'

/** Brought along, as by the C header. */
export * from './cleanup'
export * from './cpumask'
export * from './preempt'
export * from './smp'

/**
 * Data of which each CPU has its own: `linux/percpu`. C's `DEFINE_PER_CPU(int, hits)` is
 * `const hits = DEFINE_PER_CPU(0, 'hits')`; a class instead of the number gives each CPU a
 * structure. The `this_cpu_` operations take the variable, or a structure's variable and the name
 * of a field: `this_cpu_inc(hits)`, `this_cpu_inc(stats, 'count')`. Each is one instruction that
 * neither preemption nor an interrupt of this CPU can split; other CPUs are not excluded.
 */
export { percpu } from '../kernel/mm/percpu'

type Percpu<T> = p.percpu<T>
type Class<T> = new () => T

/** A static per-CPU variable: numbers, or structures of a class. */
export function DEFINE_PER_CPU<T extends object>(type: Class<T>, name?: string): Percpu<T>
export function DEFINE_PER_CPU<T>(initial: T, name?: string): Percpu<T>
export function DEFINE_PER_CPU(what: unknown, _name = ''): Percpu<unknown> {
  return p.makePercpu(what)
}
;(DEFINE_PER_CPU as { $quiet?: true }).$quiet = true

/** Allocates one structure (or number) for each CPU. May sleep. Null without memory. */
export function alloc_percpu<T extends object>(type: Class<T>): Percpu<T> | null
export function alloc_percpu<T>(initial: T): Percpu<T> | null
export function alloc_percpu(what: unknown): Percpu<unknown> | null {
  mightAlloc('alloc_percpu', GFP_KERNEL)
  return p.allocPercpu(what)
}
/** As `alloc_percpu` with allocation flags. Pair: `free_percpu`. */
export function alloc_percpu_gfp<T extends object>(type: Class<T>, gfp: gfp_t): Percpu<T> | null {
  mightAlloc('alloc_percpu_gfp', gfp)
  return p.allocPercpu(type) as Percpu<T> | null
}
/** Frees what `alloc_percpu` answered. Null is allowed. */
export function free_percpu(data: Percpu<unknown> | null): void {
  if (data !== null) slab(machine()).free(data)
}
;(free_percpu as { $freely?: true }).$freely = true

/** What CPU `cpu` has: the structure itself, or the number. */
export const per_cpu = quiet(p.ofCpu)
/** The structure of CPU `cpu`; of a number, a pointer to it. */
export function per_cpu_ptr<T extends object>(data: Percpu<T>, cpu: number): T
export function per_cpu_ptr<T>(data: Percpu<T>, cpu: number): ptr<T>
export function per_cpu_ptr(data: Percpu<unknown>, cpu: number): unknown {
  const slot = data.$each[cpu]!
  return slot.value !== null && typeof slot.value === 'object' ? slot.value : slot
}
;(per_cpu_ptr as { $quiet?: true }).$quiet = true

/** What this CPU has; the task must not be moved to another CPU meanwhile. */
export function this_cpu_ptr<T extends object>(data: Percpu<T>): T
export function this_cpu_ptr<T>(data: Percpu<T>): ptr<T>
export function this_cpu_ptr(data: Percpu<unknown>): unknown {
  return per_cpu_ptr(data as Percpu<object>, now.cpu?.id ?? 0)
}
/** As `this_cpu_ptr`, for those who know that a move does no harm. */
export const raw_cpu_ptr = this_cpu_ptr
/** `this_cpu_ptr` with preemption off until `put_cpu_ptr`. */
export function get_cpu_ptr<T extends object>(data: Percpu<T>): T
export function get_cpu_ptr<T>(data: Percpu<T>): ptr<T>
export function get_cpu_ptr(data: Percpu<unknown>): unknown {
  preemptDisable()
  return this_cpu_ptr(data as Percpu<object>)
}
export const put_cpu_ptr = kernelCall('put_cpu_ptr', (_data: Percpu<unknown>) => preemptEnable())
/** `&get_cpu_var(v)`: preemption is off until `put_cpu_var`. */
export const get_cpu_var = get_cpu_ptr
export const put_cpu_var = put_cpu_ptr

/** Called with (variable, ...rest) or (variable, 'field', ...rest). */
function split(args: unknown[]): { field: string | null; value: number } {
  const named = typeof args[0] === 'string'
  return { field: named ? (args[0] as string) : null, value: Number(args[named ? 1 : 0] ?? 0) }
}

interface ThisCpuChange {
  (data: Percpu<number>, value: number): void
  <T extends object>(data: Percpu<T>, field: keyof T & string, value: number): void
}
interface ThisCpuStep {
  (data: Percpu<number>): void
  <T extends object>(data: Percpu<T>, field: keyof T & string): void
}
interface ThisCpuReturn {
  (data: Percpu<number>, value: number): number
  <T extends object>(data: Percpu<T>, field: keyof T & string, value: number): number
}

const changes = (name: string, compute: (old: number, value: number) => number): ThisCpuChange =>
  kernelCall(name, (data: Percpu<unknown>, ...args: unknown[]): void => {
    const { field, value } = split(args)
    p.changeThisCpu(data, field, (old) => compute(old, value))
  }) as ThisCpuChange

export const this_cpu_add = changes('this_cpu_add', (old, value) => old + value)
export const this_cpu_sub = changes('this_cpu_sub', (old, value) => old - value)
export const this_cpu_and = changes('this_cpu_and', (old, value) => old & value)
export const this_cpu_or = changes('this_cpu_or', (old, value) => old | value)
export const this_cpu_inc = changes('this_cpu_inc', (old) => old + 1) as ThisCpuStep
export const this_cpu_dec = changes('this_cpu_dec', (old) => old - 1) as ThisCpuStep
/** The same for callers that cannot be preempted or interrupted anyway. */
export const __this_cpu_add = this_cpu_add
export const __this_cpu_sub = this_cpu_sub
export const __this_cpu_inc = this_cpu_inc
export const __this_cpu_dec = this_cpu_dec

export const this_cpu_read = kernelCall(
  'this_cpu_read',
  <T>(data: Percpu<T>, field: string | null = null): unknown => p.readThisCpu(data, field),
) as {
  <T>(data: Percpu<T>): T
  <T extends object, K extends keyof T & string>(data: Percpu<T>, field: K): T[K]
}
export const this_cpu_write = kernelCall(
  'this_cpu_write',
  (data: Percpu<unknown>, ...args: unknown[]): void => {
    if (args.length > 1) p.writeThisCpu(data, args[0] as string, args[1])
    else p.writeThisCpu(data, null, args[0])
  },
) as {
  <T>(data: Percpu<T>, value: T): void
  <T extends object, K extends keyof T & string>(data: Percpu<T>, field: K, value: T[K]): void
}
export const __this_cpu_read = this_cpu_read
export const __this_cpu_write = this_cpu_write

/** Adds, and answers the new value. */
export const this_cpu_add_return = kernelCall(
  'this_cpu_add_return',
  (data: Percpu<unknown>, ...args: unknown[]): number => {
    const { field, value } = split(args)
    return p.changeThisCpu(data, field, (old) => old + value) + value
  },
) as ThisCpuReturn
export const this_cpu_inc_return = kernelCall(
  'this_cpu_inc_return',
  (data: Percpu<number>): number => p.changeThisCpu(data, null, (old) => old + 1) + 1,
)
/** Writes, and answers what was there. */
export const this_cpu_xchg = kernelCall(
  'this_cpu_xchg',
  (data: Percpu<number>, value: number): number => p.changeThisCpu(data, null, () => value),
)
/** Writes `value` where `old` is found; answers what was there. */
export const this_cpu_cmpxchg = kernelCall(
  'this_cpu_cmpxchg',
  (data: Percpu<number>, old: number, value: number): number =>
    p.changeThisCpu(data, null, (found) => (found === old ? value : found)),
)

/** The numbers of all CPUs: `for (const cpu of for_each_possible_cpu())`. */
export { for_each_online_cpu, for_each_possible_cpu } from './cpumask'
