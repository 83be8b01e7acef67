import { machine } from '../engine/current'
import { service } from '../engine/service'
import type { Sim } from '../engine/suspend'
import { kernelCall } from '../kernel/api'
import * as p from '../kernel/locking/percpu-rwsem'

/** Brought along, as by the C header. */
export * from './cpuhotplug'
export * from './cpumask'

/** Which CPUs there are: `linux/cpu`. */

const hotplugLock = service(() => {
  const sem = new p.percpu_rw_semaphore()
  p.initPercpuRwsem(sem, 'cpu_hotplug_lock', sem)
  return sem
})

/** Keeps CPUs from coming and going. May sleep. Pair: `cpus_read_unlock`. */
export const cpus_read_lock = kernelCall('cpus_read_lock', (): void | Sim =>
  p.percpuDownRead(hotplugLock(machine())),
)
export const cpus_read_trylock = kernelCall('cpus_read_trylock', (): number =>
  p.percpuDownReadTrylock(hotplugLock(machine())) ? 1 : 0,
)
export const cpus_read_unlock = kernelCall('cpus_read_unlock', (): void =>
  p.percpuUpRead(hotplugLock(machine())),
)
export const cpus_write_lock = kernelCall('cpus_write_lock', (): Sim =>
  p.percpuDownWrite(hotplugLock(machine())),
)
export const cpus_write_unlock = kernelCall('cpus_write_unlock', (): void =>
  p.percpuUpWrite(hotplugLock(machine())),
)
