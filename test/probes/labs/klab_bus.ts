import { bus_type, dev_name, dev_set_name, device, device_add, device_driver, device_initialize } from 'linux/device'
import { container_of } from 'linux/container_of'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { strlen, strncmp } from 'linux/string'
import { THIS_MODULE } from 'linux/module'
import { KLAB } from './klab'

/** A bus of our own: a driver's name is a prefix of the names of its devices, "any..." fits all. */
export const kb = { quiet_match: 0 }

function kb_match(d: device, drv: device_driver) {
  const m = !strncmp(dev_name(d), drv.name, strlen(drv.name)) || !strncmp(dev_name(d), 'any', 3)
  if (!kb.quiet_match) KLAB('match', 'dev=%s drv=%s ret=%d', dev_name(d), drv.name, m)
  return m ? 1 : 0
}

export const kb_bus = new bus_type({ name: 'klabbus', match: kb_match })

export class kb_dev {
  dev = new device()
}

export function kb_release(d: device) {
  KLAB('release', 'dev=%s', dev_name(d))
  kfree(container_of(d, kb_dev, 'dev'))
}

export function kb_new(name: string, parent: device | null): device {
  const k = kzalloc(kb_dev, GFP_KERNEL)!
  device_initialize(k.dev)
  k.dev.bus = kb_bus
  k.dev.parent = parent
  k.dev.release = kb_release
  dev_set_name(k.dev, '%s', name)
  return k.dev
}

export function kb_add(name: string): device {
  const d = kb_new(name, null)
  const r = device_add(d)
  KLAB('device_add', 'dev=%s ret=%d bound=%d', name, r, !!d.driver)
  return d
}

export function kb_action(p: string) {
  KLAB('devres', 'action=%s', p)
}

export function kb_probe_log(d: device) {
  KLAB('probe', 'dev=%s drv=%s', dev_name(d), d.driver!.name)
  return 0
}

export function kb_remove_log(d: device) {
  KLAB('remove', 'dev=%s driver_set=%d', dev_name(d), !!d.driver)
}

export function KB_DRIVER(name: string, probe: (d: device) => number, remove: (d: device) => void) {
  return new device_driver({ name, bus: kb_bus, owner: THIS_MODULE, probe, remove })
}
