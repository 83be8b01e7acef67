import { machine } from '../engine/current'
import { quiet } from '../kernel/api'
import { live } from '../kernel/live'

/** Sets of CPUs: `linux/cpumask`. A mask is a number with one bit for each CPU. */
export type cpumask_t = number

const all = (): number => machine().cpus.reduce((mask, cpu) => mask | (1 << cpu.id), 0)

/** The CPUs there can ever be; here they are all there and online. */
export const cpu_possible_mask: cpumask_t = live(all)
export const cpu_present_mask: cpumask_t = live(all)
export const cpu_online_mask: cpumask_t = live(all)
export const nr_cpu_ids: number = live(() => machine().cpus.length)

/** The set with one CPU. */
export const cpumask_of = quiet((cpu: number): cpumask_t => 1 << cpu)
export const cpumask_test_cpu = quiet((cpu: number, mask: cpumask_t): boolean =>
  ((Number(mask) >>> cpu) & 1) === 1,
)
export const cpumask_empty = quiet((mask: cpumask_t): boolean => Number(mask) === 0)
/** How many CPUs are in the set. */
export const cpumask_weight = quiet((mask: cpumask_t): number => members(mask).length)
/** The lowest CPU of the set; `nr_cpu_ids` when it is empty. */
export const cpumask_first = quiet((mask: cpumask_t): number =>
  members(mask)[0] ?? machine().cpus.length,
)
/** The next CPU of the set above `cpu`; `nr_cpu_ids` when there is none. */
export const cpumask_next = quiet(
  (cpu: number, mask: cpumask_t): number =>
    members(mask).find((n) => n > cpu) ?? machine().cpus.length,
)

function members(mask: cpumask_t): number[] {
  return machine().cpus.map((cpu) => cpu.id).filter((id) => (Number(mask) >>> id) & 1)
}
/** The CPUs of a set, in order. */
export const for_each_cpu = quiet(members)
/** The numbers of all CPUs, in order. */
export const for_each_possible_cpu = quiet((): number[] => members(all()))
export const for_each_online_cpu = for_each_possible_cpu
export const for_each_present_cpu = for_each_possible_cpu

export const num_possible_cpus = quiet((): number => machine().cpus.length)
export const num_present_cpus = num_possible_cpus
export const num_online_cpus = num_possible_cpus
export const cpu_online = quiet((cpu: number): boolean => cpu >= 0 && cpu < machine().cpus.length)
