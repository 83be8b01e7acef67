import { quiet } from '../kernel/api'
import { machine, now } from '../engine/current'
import { KernelObject } from '../engine/object'
import { preemptDisable, preemptEnable } from '../kernel/sched/schedule'

/** Data that each CPU has its own of: `linux/percpu`. */

/** One structure for each CPU. */
export class percpu<T extends object> extends KernelObject {
  /** @internal */
  readonly $each: T[]

  constructor(each: T[]) {
    super()
    this.$each = each
  }
}

/** Allocates one structure of class `type` for each CPU. May sleep. Pair: `free_percpu`. */
export function alloc_percpu<T extends object>(type: new () => T): percpu<T> {
  return new percpu(machine().cpus.map(() => new type()))
}
export function free_percpu(data: percpu<object> | null): void {
  if (data) data.$each.length = 0
}
/** The structure of one CPU. */
export const per_cpu_ptr = quiet(function per_cpu_ptr<T extends object>(data: percpu<T>, cpu: number): T {
  return data.$each[cpu]!
})
/** The structure of this CPU; the task must not be moved meanwhile. */
export function this_cpu_ptr<T extends object>(data: percpu<T>): T {
  return data.$each[now.cpu?.id ?? 0]!
}
/** The same with preemption off until `put_cpu_ptr`. */
export function get_cpu_ptr<T extends object>(data: percpu<T>): T {
  preemptDisable()
  return this_cpu_ptr(data)
}
export function put_cpu_ptr(_data: percpu<object>): void {
  preemptEnable()
}
/** The numbers of all CPUs. */
export const for_each_possible_cpu = quiet(function for_each_possible_cpu(): number[] {
  return machine().cpus.map((cpu) => cpu.id)
})
export const for_each_online_cpu = for_each_possible_cpu
