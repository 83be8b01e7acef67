import { assert } from '../base/assert'
import type { EventType } from './declare'
import * as device from './events/device'
import * as dma from './events/dma'
import * as dmaBuf from './events/dma-buf'
import * as fs from './events/fs'
import * as hardware from './events/hardware'
import * as iommu from './events/iommu'
import * as irq from './events/irq'
import * as lab from './events/lab'
import * as locking from './events/locking'
import * as mm from './events/mm'
import * as mmuNotifier from './events/mmu-notifier'
import * as module from './events/module'
import * as object from './events/object'
import * as rcu from './events/rcu'
import * as rust from './events/rust'
import * as sched from './events/sched'
import * as time from './events/time'
import * as workqueue from './events/workqueue'

export type AnyEvent = EventType<any>

const files: readonly Record<string, AnyEvent>[] = [
  device, dma, dmaBuf, fs, hardware, iommu, irq, lab, locking, mm,
  mmuNotifier, module, object, rcu, rust, sched, time, workqueue,
]

/** Every declared event, by name; the index is its `kind`. */
export const catalogue: readonly AnyEvent[] = files
  .flatMap((events) => Object.values(events))
  .sort((a, b) => (a.name < b.name ? -1 : 1))

const names = new Map<string, AnyEvent>()
catalogue.forEach((event, kind) => {
  assert(!names.has(event.name), `event ${event.name} is declared twice`)
  names.set(event.name, event)
  event.kind = kind
})

export function eventNamed(name: string): AnyEvent | undefined {
  return names.get(name)
}
