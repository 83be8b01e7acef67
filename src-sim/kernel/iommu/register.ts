import { machine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { type Sim } from '../../engine/suspend'
import type { bus_type, device } from '../base/device'
import { notifier_block, NOTIFY_DONE } from '../base/notifier'
import { dmaBackends } from '../dma/backend'
import { EBUSY } from '../errno'
import { requestAcs } from '../pci/acs'
import { pciBus } from '../pci/bus'
import { iommuCore } from './core'
import { iommuBackend } from './dma-iommu'
import { vtdOps } from './intel/driver'
import { vtd } from './intel/vtd'
import { unuseDefaultDomain, useDefaultDomain } from './owner'
import { managesDma, probeBus, probeDevice, releaseFromGroup } from './probe'
import type { iommu_device, iommu_ops } from './ops'
import { acceptSetup } from './setup'
import { translatorOf } from './translate'

/** How IOMMUs come to know devices, and devices their IOMMU. */

const ADD_DEVICE = 0
const REMOVED_DEVICE = 2

/** The bus tells the IOMMU core before it tells drivers, and drivers claim the default domain. */
function watchBus(bus: bus_type): void {
  const mine = configure as unknown as (dev: device) => number
  if (bus.dma_configure === mine) return
  bus.dma_configure = mine
  bus.dma_cleanup = cleanUp as unknown as (dev: device) => void
  const block = new notifier_block({ notifier_call: heard as never })
  bus.$private?.notifiers.register(block)
}

function* heard(_nb: notifier_block, action: number, dev: device): Sim<number> {
  if (action === ADD_DEVICE) {
    readyIommu(machine())
    yield* probeDevice(dev)
  } else if (action === REMOVED_DEVICE) yield* releaseFromGroup(dev)
  return NOTIFY_DONE
}

/** DMA-55. */
function* configure(dev: device): Sim<number> {
  readyIommu(machine())
  return managesDma(dev) ? 0 : yield* useDefaultDomain(dev)
}

/** DMA-56. */
function* cleanUp(dev: device): Sim {
  if (!managesDma(dev)) yield* unuseDefaultDomain(dev)
}

/** Before any device is found: with an IOMMU, neighbours are isolated from each other. */
export function prepareIommu(m: Machine): void {
  if (acceptSetup(m).mode !== 'none') requestAcs(m)
}

/** After the devices of the board were found: they are looked at when somebody needs it. */
export function armIommu(m: Machine): void {
  if (acceptSetup(m).mode === 'none') return
  pciBus.whenUsed(m, ({ bus }) => watchBus(bus))
  dmaBackends.whenUsed(m, (backends) => {
    backends.iommu = iommuBackend
    backends.translatorOf = (dev) => translatorOf(m, dev)
    readyIommu(m)
  })
}

/** The IOMMU of the board and all devices behind it, looked at once. */
export function readyIommu(m: Machine): void {
  const core = iommuCore(m)
  if (core.scanned) return
  core.scanned = true
  if (core.setup.mode !== 'none' && core.setup.makeUnit) {
    vtdOps(m)
    core.units.push(vtd(m).device)
    m.runtime.atomic(probeBus(pciBus(m).bus))
  }
  core.booting = false
}

/** `iommu_device_register`: devices that are there already are looked at now. */
export function* registerUnit(
  unit: iommu_device, ops: iommu_ops, hwdev: device | null, buses: readonly bus_type[],
): Sim<number> {
  const m = machine()
  readyIommu(m)
  const core = iommuCore(m)
  if (core.units.includes(unit)) return -EBUSY
  unit.ops = ops
  unit.fwnode ??= hwdev?.of_node ?? null
  unit.ready = true
  core.units.push(unit)
  const backends = dmaBackends(m)
  backends.iommu ??= iommuBackend
  backends.translatorOf ??= (dev) => translatorOf(m, dev)
  for (const bus of buses) {
    watchBus(bus)
    yield* probeBus(bus)
  }
  return 0
}

/** Devices behind it lose their groups. */
export function* unregisterUnit(unit: iommu_device, buses: readonly bus_type[]): Sim {
  const core = iommuCore(machine())
  const at = core.units.indexOf(unit)
  if (at >= 0) core.units.splice(at, 1)
  for (const bus of buses)
    if (bus.$private)
      yield* bus.$private.devices.each(function* (dev) {
        if (dev.iommu?.iommu_dev === unit) yield* releaseFromGroup(dev)
        return 0
      })
}
