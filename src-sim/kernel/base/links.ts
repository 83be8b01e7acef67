import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EPROBE_DEFER } from '../errno'
import { runningContext, type RefOwner } from '../locking/ref-ledger'
import { warn } from '../printk/warn'
import { releaseDriver, waitForProbes } from './bind'
import { deviceCore, getDevice, isRegistered, putDevice } from './core'
import { deferProbe, deferredReason } from './deferred'
import {
  DL_DEV_DRIVER_BOUND,
  DL_DEV_NO_DRIVER,
  DL_DEV_PROBING,
  DL_DEV_UNBINDING,
  type device,
} from './device'
import { pmGetSync } from './pm-runtime'

export const DL_STATE_NONE = -1
export const DL_STATE_DORMANT = 0
export const DL_STATE_AVAILABLE = 1
export const DL_STATE_CONSUMER_PROBE = 2
export const DL_STATE_ACTIVE = 3
export const DL_STATE_SUPPLIER_UNBIND = 4

export const DL_FLAG_STATELESS = 1
export const DL_FLAG_AUTOREMOVE_CONSUMER = 2
export const DL_FLAG_PM_RUNTIME = 4
export const DL_FLAG_RPM_ACTIVE = 8
export const DL_FLAG_AUTOREMOVE_SUPPLIER = 16
export const DL_FLAG_AUTOPROBE_CONSUMER = 32
export const DL_FLAG_MANAGED = 64
export const DL_FLAG_SYNC_STATE_ONLY = 128
const AUTOREMOVE = DL_FLAG_AUTOREMOVE_CONSUMER | DL_FLAG_AUTOREMOVE_SUPPLIER
const MANAGED_FLAGS = AUTOREMOVE | DL_FLAG_AUTOPROBE_CONSUMER | DL_FLAG_SYNC_STATE_ONLY
const KNOWN = MANAGED_FLAGS | DL_FLAG_STATELESS | DL_FLAG_PM_RUNTIME | DL_FLAG_RPM_ACTIVE

/** A consumer that needs its supplier bound. It pins both devices' memory. */
export class device_link extends KernelObject {
  supplier: device
  consumer: device
  status = DL_STATE_NONE
  flags: number
  /** @internal A stateless link is counted: each add needs its del. */
  $count = 1

  constructor(consumer: device, supplier: device, flags: number) {
    super()
    this.consumer = consumer
    this.supplier = supplier
    this.flags = flags
  }

  get $label(): string {
    return `${this.supplier.$label}--${this.consumer.$label}`
  }
}

const heldBy = (link: device_link): RefOwner => ({ holder: link, why: 'device link' })
const managed = (link: device_link): boolean => (link.flags & DL_FLAG_MANAGED) !== 0
const syncOnly = (link: device_link): boolean => (link.flags & DL_FLAG_SYNC_STATE_ONLY) !== 0

/** Whether `target` is `dev` or depends on it. */
function dependsOn(dev: device, target: device): boolean {
  if (dev === target) return true
  if (dev.$private?.children.items.some((child) => dependsOn(child, target))) return true
  return dev.$consumers.some((link) => !syncOnly(link) && dependsOn(link.consumer, target))
}

function refused(consumer: device | null, supplier: device | null, flags: number): boolean {
  if (!consumer || !supplier || consumer === supplier || flags & ~KNOWN) return true
  if (flags & DL_FLAG_STATELESS && flags & MANAGED_FLAGS) return true
  if (flags & DL_FLAG_AUTOPROBE_CONSUMER && flags & AUTOREMOVE) return true
  return (flags & DL_FLAG_SYNC_STATE_ONLY) !== 0 && flags !== DL_FLAG_SYNC_STATE_ONLY
}

/** DM-38: the link, an old one with merged flags, or null. */
export function* addLink(
  consumer: device | null,
  supplier: device | null,
  wanted: number,
): Sim<device_link | null> {
  if (refused(consumer, supplier, wanted) || !consumer || !supplier) return null
  if (wanted & DL_FLAG_PM_RUNTIME && wanted & DL_FLAG_RPM_ACTIVE) {
    if ((yield* pmGetSync(supplier)) < 0) return null
  }
  const flags = wanted & DL_FLAG_STATELESS ? wanted : wanted | DL_FLAG_MANAGED
  const sync = (flags & DL_FLAG_SYNC_STATE_ONLY) !== 0
  if (!isRegistered(supplier) || (!sync && dependsOn(consumer, supplier))) return null
  if (sync && consumer.$linkStatus !== DL_DEV_NO_DRIVER && consumer.$linkStatus !== DL_DEV_PROBING)
    return null
  const old = consumer.$suppliers.find((l) => l.supplier === supplier)
  if (old) return merge(old, flags)
  const link = new device_link(consumer, supplier, flags)
  for (const dev of [consumer, supplier]) getDevice(dev, heldBy(link))
  link.status = initialState(link)
  supplier.$consumers.push(link)
  consumer.$suppliers.push(link)
  toEnd(consumer)
  emit(ev.device_link_add, link, consumer, supplier, flags)
  return link
}

function merge(link: device_link, flags: number): device_link {
  if (flags & DL_FLAG_STATELESS) link.$count++
  if (flags & DL_FLAG_MANAGED && !managed(link)) {
    link.flags |= flags
    link.status = initialState(link)
  }
  if (flags & AUTOREMOVE)
    link.flags = (link.flags & ~AUTOREMOVE) | (link.flags & flags & AUTOREMOVE)
  else if (flags & DL_FLAG_MANAGED) link.flags &= ~AUTOREMOVE
  link.flags |= flags & (DL_FLAG_STATELESS | DL_FLAG_PM_RUNTIME | DL_FLAG_AUTOPROBE_CONSUMER)
  if (syncOnly(link) && !(flags & DL_FLAG_SYNC_STATE_ONLY)) link.flags &= ~DL_FLAG_SYNC_STATE_ONLY
  return link
}

function initialState(link: device_link): number {
  if (!managed(link)) return DL_STATE_NONE
  const supplier = link.supplier.$linkStatus
  const consumer = link.consumer.$linkStatus
  if (supplier === DL_DEV_UNBINDING) return DL_STATE_SUPPLIER_UNBIND
  if (supplier === DL_DEV_PROBING && consumer === DL_DEV_PROBING) return DL_STATE_CONSUMER_PROBE
  if (supplier !== DL_DEV_DRIVER_BOUND) return DL_STATE_DORMANT
  if (consumer === DL_DEV_PROBING) return DL_STATE_CONSUMER_PROBE
  return consumer === DL_DEV_DRIVER_BOUND ? DL_STATE_ACTIVE : DL_STATE_AVAILABLE
}

/** Consumers and all that depends on them go down before their suppliers, so they come later. */
function toEnd(dev: device): void {
  const { order } = deviceCore(machine())
  if (order.includes(dev)) order.push(...order.splice(order.indexOf(dev), 1))
  for (const child of dev.$private?.children.items ?? []) toEnd(child)
  for (const link of dev.$consumers) toEnd(link.consumer)
}

export function* removeLink(link: device_link | null): Sim {
  if (!link) return
  if (link.flags & DL_FLAG_STATELESS && --link.$count > 0) return
  yield* dropLink(link)
}

function* dropLink(link: device_link): Sim {
  const { supplier, consumer } = link
  if (!consumer.$suppliers.includes(link)) return
  consumer.$suppliers.splice(consumer.$suppliers.indexOf(link), 1)
  supplier.$consumers.splice(supplier.$consumers.indexOf(link), 1)
  emit(ev.device_link_del, link, consumer, supplier)
  yield* putDevice(consumer, heldBy(link))
  yield* putDevice(supplier, heldBy(link))
}

/** DM-37: 0, or -EPROBE_DEFER while a supplier is not there. */
export function checkSuppliers(dev: device): number {
  const mine = dev.$suppliers.filter((l) => managed(l))
  for (const link of mine) {
    if (link.status === DL_STATE_AVAILABLE || syncOnly(link)) {
      link.status = DL_STATE_CONSUMER_PROBE
      continue
    }
    for (const l of mine) if (l.status === DL_STATE_CONSUMER_PROBE) l.status = DL_STATE_AVAILABLE
    deferredReason(dev, `supplier ${link.supplier.$label} not ready`)
    return -EPROBE_DEFER
  }
  return 0
}

/** DM-36: the device is bound; its suppliers are in use, its consumers can come. */
export function* linksDriverBound(dev: device): Sim {
  for (const link of dev.$consumers) {
    if (!managed(link)) continue
    if (link.status === DL_STATE_CONSUMER_PROBE || link.status === DL_STATE_ACTIVE) continue
    if (link.status !== DL_STATE_DORMANT) oddState('device_links_driver_bound', link)
    link.status = DL_STATE_AVAILABLE
    if (link.flags & DL_FLAG_AUTOPROBE_CONSUMER) deferProbe(link.consumer)
  }
  for (const link of [...dev.$suppliers]) {
    if (!managed(link)) continue
    if (syncOnly(link)) {
      yield* dropLink(link)
      continue
    }
    if (link.status !== DL_STATE_CONSUMER_PROBE) oddState('device_links_driver_bound', link)
    link.status = DL_STATE_ACTIVE
  }
  dev.$linkStatus = DL_DEV_DRIVER_BOUND
}

/** A driver is bound by hand: links to suppliers that are not there are given up. */
export function* linksForceBind(dev: device): Sim {
  for (const link of [...dev.$suppliers]) {
    if (!managed(link)) continue
    if (link.status === DL_STATE_AVAILABLE) link.status = DL_STATE_CONSUMER_PROBE
    else yield* dropLink(link)
  }
  dev.$linkStatus = DL_DEV_PROBING
}

function oddState(where: string, link: device_link): void {
  warn(machine(), 'device-link', `drivers/base/core.c at ${where}`, null, {
    objects: [link],
    rules: ['DM-39'],
  })
}

/** A probe has failed, or the driver is gone: the device uses its suppliers no longer. */
export function* linksNoDriver(dev: device): Sim {
  for (const link of [...dev.$suppliers]) {
    if (!managed(link)) continue
    if (link.flags & DL_FLAG_AUTOREMOVE_CONSUMER) {
      yield* dropLink(link)
      continue
    }
    if (link.status === DL_STATE_CONSUMER_PROBE || link.status === DL_STATE_ACTIVE)
      link.status =
        link.supplier.$linkStatus === DL_DEV_DRIVER_BOUND ? DL_STATE_AVAILABLE : DL_STATE_DORMANT
  }
  dev.$linkStatus = DL_DEV_NO_DRIVER
}

export function* linksDriverGone(dev: device): Sim {
  for (const link of [...dev.$consumers]) {
    if (!managed(link)) continue
    if (link.flags & DL_FLAG_AUTOREMOVE_CONSUMER) oddState('device_links_driver_cleanup', link)
    if (link.status !== DL_STATE_SUPPLIER_UNBIND) oddState('device_links_driver_cleanup', link)
    const ends =
      link.status === DL_STATE_SUPPLIER_UNBIND && link.flags & DL_FLAG_AUTOREMOVE_SUPPLIER
    link.status = DL_STATE_DORMANT
    if (ends) yield* dropLink(link)
  }
  yield* linksNoDriver(dev)
}

/** DM-35: true while some consumer has to be unbound first; links of idle ones are shut. */
export function consumersBusy(dev: device): boolean {
  let busy = false
  for (const link of dev.$consumers) {
    if (!managed(link)) continue
    if (link.status === DL_STATE_CONSUMER_PROBE || link.status === DL_STATE_ACTIVE) {
      if (!syncOnly(link)) {
        busy = true
        break
      }
    }
    link.status = DL_STATE_SUPPLIER_UNBIND
  }
  dev.$linkStatus = DL_DEV_UNBINDING
  return busy
}

export function* unbindConsumers(dev: device): Sim {
  for (;;) {
    const link = dev.$consumers.find(
      (l) => managed(l) && !syncOnly(l) && l.status !== DL_STATE_SUPPLIER_UNBIND,
    )
    if (!link) return
    if (link.status === DL_STATE_CONSUMER_PROBE) {
      yield* waitForProbes()
      continue
    }
    const active = link.status === DL_STATE_ACTIVE
    link.status = DL_STATE_SUPPLIER_UNBIND
    if (!active) continue
    const here = runningContext('device_links_unbind_consumers')
    const consumer = getDevice(link.consumer, here)!
    yield point(unbindConsumers, consumer)
    yield* releaseDriver(consumer)
    yield* putDevice(consumer, here)
  }
}

/** DM-39: the device is deleted, and with it its links. */
export function* purgeLinks(dev: device): Sim {
  for (const link of [...dev.$suppliers].reverse()) {
    if (link.status === DL_STATE_ACTIVE) oddState('device_links_purge', link)
    yield* dropLink(link)
  }
  for (const link of [...dev.$consumers].reverse()) {
    if (link.status !== DL_STATE_DORMANT && link.status !== DL_STATE_NONE)
      oddState('device_links_purge', link)
    yield* dropLink(link)
  }
}
