import { machine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { EPROBE_DEFER, ETIMEDOUT } from '../errno'
import { WaitList } from '../sched/schedule'
import { initWork, queueWorkOn } from '../workqueue/queue'
import { work_struct, type work_func_t } from '../workqueue/structs'
import { workqueues } from '../workqueue/workqueues'
import { probeNewDevice } from './attach'
import { deviceCore, deviceLog, driverString, getDevice, putDevice } from './core'
import { DeferredTimeout } from './deferred-timeout'
import type { device } from './device'

/** Devices whose driver has asked to be tried again later (DM-25). */
class DeferredProbes {
  /** In the order of deferral. */
  readonly pending: device[] = []
  /** About to be tried again. */
  readonly active: device[] = []
  /** Shutdown: no probe may start. */
  blocked = false
  /** How often the pending ones have been made active. */
  triggers = 0
  readonly work = new work_struct()
  readonly #timeoutWork = new work_struct()
  /** Gives up on suppliers that do not come. */
  readonly timeout = new DeferredTimeout(() => queueSystem(this.#timeoutWork))
  busy = false
  readonly #settled = new WaitList()

  constructor() {
    initWork(this.work, (() => this.#retry()) as unknown as work_func_t)
    initWork(this.#timeoutWork, (() => this.#giveUp()) as unknown as work_func_t)
  }

  kick(): void {
    this.triggers++
    this.active.push(...this.pending.splice(0))
    if (this.active.length === 0) return
    this.busy = true
    queueSystem(this.work)
  }

  /** Waits until the work that retries has nothing to do. */
  *settled(): Sim {
    yield* this.#settled.waitUntil(() => !this.busy, this.work, 'the deferred probes')
  }

  *#retry(): Sim {
    const { order } = deviceCore(machine())
    const here = { holder: this.work, why: 'deferred probe' }
    for (let dev = this.active.shift(); dev; dev = this.active.shift()) {
      getDevice(dev, here)
      if (order.includes(dev)) order.push(...order.splice(order.indexOf(dev), 1))
      yield* probeNewDevice(dev)
      yield* putDevice(dev, here)
    }
    this.busy = false
    this.#settled.wakeAll()
  }

  /** The time is over: a last try, then those who still wait are named. */
  *#giveUp(): Sim {
    this.kick()
    yield* this.settled()
    for (const dev of this.pending) {
      const reason = dev.$private?.deferredReason || '(reason unknown)'
      deviceLog(dev, 4, `deferred probe pending: ${reason}`)
    }
  }
}

const queueSystem = (work: work_struct): boolean =>
  queueWorkOn(null, workqueues(machine()).system('system_dfl_wq'), work)


export const deferredProbes = service(() => new DeferredProbes())

export function deferProbe(dev: device): void {
  const { pending, active, timeout } = deferredProbes(machine())
  if (!dev.can_match || pending.includes(dev) || active.includes(dev)) return
  pending.push(dev)
  timeout.arm()
}

export function deferredRemove(dev: device): void {
  const all = deferredProbes(machine())
  for (const list of [all.pending, all.active])
    if (list.includes(dev)) list.splice(list.indexOf(dev), 1)
  if (dev.$private) dev.$private.deferredReason = ''
}

export function triggerDeferred(): void {
  deferredProbes(machine()).kick()
}

/** Keeps why a probe was put off, with the driver or bus in front. */
export function deferredReason(dev: device, reason: string): void {
  if (dev.$private) dev.$private.deferredReason = `${driverString(dev)}: ${reason}`
}

/** What a driver that looks for a supplier gets while it is not there. */
export function checkDeferral(dev: device): number {
  if (!deferredProbes(machine()).timeout.over) return -EPROBE_DEFER
  deviceLog(dev, 4, 'deferred probe timeout, ignoring dependency')
  return -ETIMEDOUT
}

/** What debugfs shows as `devices_deferred`. */
export function devicesDeferred(m: Machine): string {
  return deferredProbes(m)
    .pending.map((dev) => `${dev.$label}\t${dev.$private?.deferredReason ?? ''}\n`)
    .join('')
}
