import { machine } from '../engine/current'
import { kernelCall, kernelFrame } from '../kernel/api'
import { ENXIO } from '../kernel/errno'
import { callOnCpu, callOnCpus } from '../kernel/irq/ipi'
import type { Sim } from '../engine/suspend'

/** Brought along, as by the C header. */
export * from './cpumask'
export * from './errno'
export * from './list'
export * from './preempt'
export * from './types'

/**
 * Calls on other CPUs: `linux/smp`. The function runs in an interrupt there and must not sleep. Not
 * with interrupts off: two CPUs that wait for each other would never end.
 */
export { get_cpu, put_cpu, raw_smp_processor_id, smp_processor_id } from './preempt'

type Function<A> = (info: A) => void

/** Calls `func(info)` on `cpu`; with `wait` returns when it is done. 0, or -ENXIO. */
export const smp_call_function_single: <A>(
  cpu: number,
  func: Function<A>,
  info: A,
  wait: boolean | number,
) => number = kernelCall('smp_call_function_single', function (
  cpu: number,
  func: Function<never>,
  info: unknown,
  wait: boolean | number,
): number | Sim<number> {
  const target = machine().cpus[cpu]
  return target ? callOnCpu(target, func, info, Boolean(wait)) : -ENXIO
}) as never

const all = (): number => machine().cpus.reduce((mask, cpu) => mask | (1 << cpu.id), 0)

/** Calls on all CPUs but this one. */
export const smp_call_function: <A>(func: Function<A>, info: A, wait: boolean | number) => void =
  kernelFrame('smp_call_function', (func: Function<never>, info: unknown, wait: boolean | number) =>
    callOnCpus(all(), func, info, Boolean(wait), false),
  ) as never
/** Calls on all CPUs of a mask but this one. */
export const smp_call_function_many: <A>(
  mask: number,
  func: Function<A>,
  info: A,
  wait: boolean | number,
) => void = kernelFrame(
  'smp_call_function_many',
  (mask: number, func: Function<never>, info: unknown, wait: boolean | number) =>
    callOnCpus(Number(mask), func, info, Boolean(wait), false),
) as never
/** Calls on all CPUs; on this one with interrupts off. */
export const on_each_cpu: <A>(func: Function<A>, info: A, wait: boolean | number) => void =
  kernelFrame('on_each_cpu', (func: Function<never>, info: unknown, wait: boolean | number) =>
    callOnCpus(all(), func, info, Boolean(wait), true),
  ) as never
export const on_each_cpu_mask: <A>(
  mask: number,
  func: Function<A>,
  info: A,
  wait: boolean | number,
) => void = kernelFrame(
  'on_each_cpu_mask',
  (mask: number, func: Function<never>, info: unknown, wait: boolean | number) =>
    callOnCpus(Number(mask), func, info, Boolean(wait), true),
) as never
/** Makes all CPUs pass through an interrupt. */
export const kick_all_cpus_sync = kernelFrame('kick_all_cpus_sync', () =>
  callOnCpus(all(), () => {}, null, true, false),
)
