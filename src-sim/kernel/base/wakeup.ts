import { KernelObject } from '../../engine/object'
import { EEXIST, EINVAL } from '../errno'
import type { device } from './device'

/** Events of a device that keep the machine from being put to sleep, counted. */
export class wakeup_source extends KernelObject {
  name = ''
  event_count = 0
  active_count = 0
  relax_count = 0
  active = false
}

export function stayAwake(ws: wakeup_source | null): void {
  if (ws === null) return
  ws.event_count++
  if (ws.active) return
  ws.active = true
  ws.active_count++
}

export function relax(ws: wakeup_source | null): void {
  if (ws === null || !ws.active) return
  ws.active = false
  ws.relax_count++
}

/** Gives a device that can wake the machine a source of its own: 0, -EINVAL or -EEXIST. */
export function enableWakeup(dev: device): number {
  if (!dev.power.can_wakeup) return -EINVAL
  if (dev.power.wakeup) return -EEXIST
  dev.power.wakeup = new wakeup_source()
  dev.power.wakeup.name = dev.$label
  return 0
}

export function disableWakeup(dev: device): void {
  if (!dev.power.can_wakeup) return
  relax(dev.power.wakeup)
  dev.power.wakeup = null
}
