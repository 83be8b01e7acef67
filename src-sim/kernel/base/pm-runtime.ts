import { Hook } from '../../base/disposable'
import { machine } from '../../engine/current'
import type { TimedEvent } from '../../engine/events'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EACCES, EAGAIN, EBUSY, EINPROGRESS, EINVAL } from '../errno'
import { WaitList } from '../sched/schedule'
import { initWork, queueWorkOn } from '../workqueue/queue'
import { work_struct, type work_func_t } from '../workqueue/structs'
import { workqueues } from '../workqueue/workqueues'
import { AtomicCounter } from '../locking/atomic'
import { deviceLog } from './core'
import type { wakeup_source } from './wakeup'
import type { device } from './device'

export const RPM_ACTIVE = 0
export const RPM_RESUMING = 1
export const RPM_SUSPENDED = 2
export const RPM_SUSPENDING = 3

export interface dev_pm_ops {
  suspend?: ((dev: device) => number) | null
  resume?: ((dev: device) => number) | null
  runtime_suspend?: ((dev: device) => number) | null
  runtime_resume?: ((dev: device) => number) | null
  runtime_idle?: ((dev: device) => number) | null
}

type Request = 'idle' | 'suspend' | 'resume' | 'autosuspend'

/** Power state of a device while the system runs. */
export class dev_pm_info extends KernelObject {
  no_pm = false
  no_callbacks = false
  usage_count = new AtomicCounter()
  disable_depth = 1
  runtime_status = RPM_SUSPENDED
  runtime_error = 0
  child_count = 0
  ignore_children = false
  irq_safe = false
  /** The device is able to wake the machine. */
  can_wakeup = false
  /** It is to do so. */
  wakeup: wakeup_source | null = null
  use_autosuspend = false
  autosuspend_delay = 0
  /** False: somebody has forbidden it to sleep, and counts as a user. */
  runtime_auto = true
  /** The idle callback is running. */
  idle_notification = false
  /** @internal */
  $lastStatus = -1
  /** @internal When it was last busy. */
  $lastBusyNs = 0
  /** @internal What the worker is to do. */
  $request: Request | null = null
  /** @internal */
  $work: work_struct | null = null
  /** @internal */
  $timer: TimedEvent | null = null
  /** @internal Who waits for a change under way. */
  readonly $waiters = new WaitList()
}

export function pmInit(dev: device): void {
  const { power } = dev
  power.usage_count.counter = 0
  power.disable_depth = 1
  power.runtime_status = RPM_SUSPENDED
  power.runtime_error = 0
}

type Callback = 'runtime_suspend' | 'runtime_resume' | 'runtime_idle'

/** The first layer that has power management decides. */
function callbackOf(dev: device, which: Callback): ((dev: device) => number) | null {
  const ops = dev.type?.pm ?? dev.class?.pm ?? dev.bus?.pm ?? null
  return (ops ? ops[which] : null) ?? dev.driver?.pm?.[which] ?? null
}

/** Callbacks of power management begin and end: a device has one at a time. */
export const powerCallbacks = service(() => ({
  on: { start: new Hook<[device]>(), end: new Hook<[device]>() },
}))

function* runCallback(dev: device, which: Callback): Sim<number> {
  const callback = dev.power.no_callbacks ? null : callbackOf(dev, which)
  if (!callback) return 0
  const { on } = powerCallbacks(machine())
  on.start.emit(dev)
  emit(ev.device_pm_callback_start, dev, callback, which)
  const ret = Number((yield* call(() => callback(dev))) ?? 0)
  emit(ev.device_pm_callback_end, dev, ret)
  on.end.emit(dev)
  return ret
}

function setStatus(dev: device, status: number): void {
  dev.power.runtime_status = status
  dev.power.$waiters.wakeAll()
  if (status === RPM_ACTIVE) emit(ev.rpm_resume, dev, dev.power.usage_count.counter)
  if (status === RPM_SUSPENDED) emit(ev.rpm_suspend, dev, dev.power.usage_count.counter)
}

function changeUsage(dev: device, by: number): void {
  dev.power.usage_count.counter += by
  emit(ev.rpm_usage, dev, dev.power.usage_count.counter)
}

const changing = ({ power }: device): boolean =>
  power.runtime_status === RPM_RESUMING || power.runtime_status === RPM_SUSPENDING

/** Waits while another context changes the state. */
function* settled(dev: device): Sim {
  yield* dev.power.$waiters.waitUntil(() => !changing(dev), dev, 'runtime power change')
}

/** Waits for every callback under way, idle ones too. */
function* callbacksOver(dev: device): Sim {
  const over = (): boolean => !changing(dev) && !dev.power.idle_notification
  yield* dev.power.$waiters.waitUntil(over, dev, 'runtime power callback')
}

/** DM-107. 1: already active; 0: resumed. */
export function* pmResume(dev: device): Sim<number> {
  const { power } = dev
  if (power.runtime_error) return -EINVAL
  if (power.disable_depth > 0)
    return power.disable_depth === 1 &&
      power.runtime_status === RPM_ACTIVE &&
      power.$lastStatus === RPM_ACTIVE
      ? 1
      : -EACCES
  yield* settled(dev)
  cancelRequest(dev)
  if (power.runtime_status === RPM_ACTIVE) return 1
  const { parent } = dev
  if (parent && !parent.power.ignore_children) {
    changeUsage(parent, 1)
    yield* pmResume(parent)
  }
  setStatus(dev, RPM_RESUMING)
  yield point(pmResume, dev)
  const ret = yield* runCallback(dev, 'runtime_resume')
  if (ret) {
    setStatus(dev, RPM_SUSPENDED)
    power.runtime_error = ret
  } else {
    setStatus(dev, RPM_ACTIVE)
    power.$lastBusyNs = machine().nowNs
    if (parent) parent.power.child_count++
  }
  if (parent && !parent.power.ignore_children) yield* pmPut(parent)
  return ret
}

function suspendAllowed(dev: device): number {
  const { power } = dev
  if (power.runtime_error) return -EINVAL
  if (power.disable_depth > 0) return -EACCES
  if (power.usage_count.counter > 0) return -EAGAIN
  if (power.child_count > 0 && !power.ignore_children) return -EBUSY
  return power.runtime_status === RPM_SUSPENDED ? 1 : 0
}

export function* pmSuspend(dev: device, auto = false): Sim<number> {
  yield* settled(dev)
  const allowed = suspendAllowed(dev)
  if (allowed !== 0) return allowed
  const { power } = dev
  if (auto && power.use_autosuspend && armAutosuspend(dev)) return 0
  setStatus(dev, RPM_SUSPENDING)
  yield point(pmSuspend, dev)
  const ret = yield* runCallback(dev, 'runtime_suspend')
  if (ret) {
    setStatus(dev, RPM_ACTIVE)
    if (ret !== -EAGAIN && ret !== -EBUSY) power.runtime_error = ret
    return ret
  }
  setStatus(dev, RPM_SUSPENDED)
  const { parent } = dev
  if (parent && parent.power.child_count > 0) {
    parent.power.child_count--
    if (!parent.power.ignore_children) yield* pmIdle(parent)
  }
  return 0
}

/** `pm_runtime_force_suspend`: whatever the counts say. */
export function* pmForceSuspend(dev: device): Sim<number> {
  yield* pmDisable(dev)
  if (dev.power.runtime_status === RPM_SUSPENDED) return 0
  const ret = yield* runCallback(dev, 'runtime_suspend')
  if (ret) pmEnable(dev)
  else setStatus(dev, RPM_SUSPENDED)
  return ret
}

/** `pm_runtime_force_resume`. */
export function* pmForceResume(dev: device): Sim<number> {
  const used = dev.power.usage_count.counter > 0 && dev.power.runtime_status === RPM_SUSPENDED
  const ret = used ? yield* runCallback(dev, 'runtime_resume') : 0
  if (used && ret === 0) setStatus(dev, RPM_ACTIVE)
  pmEnable(dev)
  return ret
}

/** True when it is too early: the timer will come back. */
function armAutosuspend(dev: device): boolean {
  const { power } = dev
  const m = machine()
  const end = power.$lastBusyNs + Math.max(0, power.autosuspend_delay) * 1_000_000
  if (power.autosuspend_delay < 0) return true
  if (end <= m.nowNs) return false
  if (power.$timer) m.events.cancel(power.$timer)
  power.$timer = m.at(end, `autosuspend ${dev.$label}`, dev, () => pmRequest(dev, 'autosuspend'))
  return true
}

export function* pmIdle(dev: device, put = false): Sim<number> {
  const allowed = suspendAllowed(dev)
  if (allowed < 0) return allowed
  if (put && allowed === 1) return 1
  const { power } = dev
  if (power.runtime_status !== RPM_ACTIVE) return -EAGAIN
  if (power.idle_notification) return -EINPROGRESS
  power.idle_notification = true
  const ret = yield* runCallback(dev, 'runtime_idle')
  power.idle_notification = false
  power.$waiters.wakeAll()
  return ret === 0 ? yield* pmSuspend(dev, true) : ret
}

/** Leaves a change of state to a worker. */
export function pmRequest(dev: device, request: Request): number {
  const { power } = dev
  if (power.disable_depth > 0) return -EACCES
  power.$request = request
  if (!power.$work) {
    power.$work = new work_struct()
    initWork(power.$work, (() => serve(dev)) as unknown as work_func_t)
  }
  queueWorkOn(null, workqueues(machine()).system('system_percpu_wq'), power.$work)
  return 0
}

function* serve(dev: device): Sim {
  const request = dev.power.$request
  dev.power.$request = null
  if (request === 'resume') yield* pmResume(dev)
  else if (request === 'suspend') yield* pmSuspend(dev)
  else if (request === 'autosuspend') yield* pmSuspend(dev, true)
  else if (request === 'idle') yield* pmIdle(dev)
}

function cancelRequest(dev: device): void {
  const { power } = dev
  power.$request = null
  if (power.$timer) machine().events.cancel(power.$timer)
  power.$timer = null
}

// Counting

export function pmGetNoresume(dev: device): void {
  changeUsage(dev, 1)
}

export function* pmGetSync(dev: device): Sim<number> {
  changeUsage(dev, 1)
  return yield* pmResume(dev)
}

export function pmGet(dev: device): number {
  changeUsage(dev, 1)
  return pmRequest(dev, 'resume')
}

/** One more user if the device is on (and, unless `idleToo`, in use): 1. Else 0, or -EINVAL. */
export function pmGetIf(dev: device, idleToo: boolean): number {
  const { power } = dev
  if (power.disable_depth > 0) return -EINVAL
  if (power.runtime_status !== RPM_ACTIVE || (!idleToo && power.usage_count.counter === 0)) return 0
  changeUsage(dev, 1)
  return 1
}

/** One user less, unless there is none: nothing else happens. */
export function pmPutNoidle(dev: device): void {
  if (dev.power.usage_count.counter > 0) changeUsage(dev, -1)
}

/** 1 when it went to 0, else 0; -EINVAL when it was 0 already. */
export function pmDropUsage(dev: device): number {
  if (dev.power.usage_count.counter === 0) {
    deviceLog(dev, 4, 'Runtime PM usage count underflow!')
    return -EINVAL
  }
  changeUsage(dev, -1)
  return dev.power.usage_count.counter === 0 ? 1 : 0
}

/** Gives a use back; the suspending is left to a worker. */
export function* pmPut(dev: device): Sim<number> {
  const left = pmDropUsage(dev)
  return left === 1 ? pmRequest(dev, 'idle') : left
}

export function* pmPutSync(dev: device): Sim<number> {
  const left = pmDropUsage(dev)
  return left === 1 ? yield* pmIdle(dev, true) : left
}

export function* pmPutAutosuspend(dev: device, sync: boolean): Sim<number> {
  const left = pmDropUsage(dev)
  if (left !== 1) return left
  return sync ? yield* pmSuspend(dev, true) : pmRequest(dev, 'autosuspend')
}

// Switching

export function pmEnable(dev: device): void {
  const { power } = dev
  if (power.disable_depth === 0) {
    deviceLog(dev, 4, 'Unbalanced pm_runtime_enable!')
    return
  }
  power.disable_depth--
  power.$lastStatus = -1
}

export function* pmDisable(dev: device): Sim {
  const { power } = dev
  if (power.disable_depth++ > 0) return
  cancelRequest(dev)
  yield* callbacksOver(dev)
  power.$lastStatus = power.runtime_status
}

export function pmSetStatus(dev: device, status: number): number {
  const { power } = dev
  if (!power.runtime_error && power.disable_depth === 0) return -EAGAIN
  if (power.runtime_status !== status) {
    const { parent } = dev
    if (parent) parent.power.child_count += status === RPM_ACTIVE ? 1 : -1
    setStatus(dev, status)
  }
  power.runtime_error = 0
  return 0
}

/** Keeps the device on until `pmAllow`. */
export function* pmForbid(dev: device): Sim {
  if (!dev.power.runtime_auto) return
  dev.power.runtime_auto = false
  yield* pmGetSync(dev)
}

export function* pmAllow(dev: device): Sim {
  if (dev.power.runtime_auto) return
  dev.power.runtime_auto = true
  yield* pmPutAutosuspend(dev, false)
}

// What the driver core asks for

export function* pmBarrier(dev: device): Sim {
  cancelRequest(dev)
  yield* callbacksOver(dev)
}

export function* pmGetSuppliers(dev: device): Sim {
  for (const link of dev.$suppliers) if (link.flags & 4) yield* pmGetSync(link.supplier)
}

export function* pmPutSuppliers(dev: device): Sim {
  for (const link of dev.$suppliers) if (link.flags & 4) yield* pmPut(link.supplier)
}

/** DM-108. */
export function* pmReinit(dev: device): Sim {
  const { power } = dev
  if (power.disable_depth === 0) return
  if (power.runtime_status === RPM_ACTIVE) pmSetStatus(dev, RPM_SUSPENDED)
  if (power.irq_safe) {
    power.irq_safe = false
    if (dev.parent) yield* pmPut(dev.parent)
  }
}

export function* pmRemove(dev: device): Sim {
  yield* pmDisable(dev)
  yield* pmReinit(dev)
}
