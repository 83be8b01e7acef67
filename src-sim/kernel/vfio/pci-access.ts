import type { Sim } from '../../engine/suspend'
import { EFAULT, EINVAL, EIO } from '../errno'
import { readLock } from '../iommufd/lock'
import { upRead } from '../locking/rwsem'
import { readPhysical, writePhysical } from '../mm/phys-access'
import { copyUserFaulting } from '../mm/uaccess'
import { PCI_COMMAND } from '../pci/config'
import { readConfig, writeConfig } from '../pci/functions'
import { resourceSize } from '../platform/resource'
import { setCommand, type vfio_pci_core_device } from './pci-core'
import {
  VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_OFFSET, VFIO_PCI_ROM_REGION_INDEX,
} from './uapi'

/** Reading and writing the regions of a device through its descriptor. */

const CONFIG_BYTES = 256

/** Where an access goes; -EINVAL when to nowhere. */
function place(vdev: vfio_pci_core_device, at: number): { index: number; offset: number } | number {
  const index = Math.floor(at / VFIO_PCI_OFFSET)
  const offset = at % VFIO_PCI_OFFSET
  if (index === VFIO_PCI_CONFIG_REGION_INDEX) return { index, offset }
  const r = index < VFIO_PCI_ROM_REGION_INDEX ? vdev.pdev.resource[index] : undefined
  return r?.flags && offset < resourceSize(r) ? { index, offset } : -EINVAL
}

/** As many bytes at once as the place allows. */
const step = (offset: number, left: number): number =>
  offset % 4 === 0 && left >= 4 ? 4 : offset % 2 === 0 && left >= 2 ? 2 : 1

export function* readRegion(
  vdev: vfio_pci_core_device, buf: unknown, count: number, ppos: { value: number },
): Sim<number> {
  const to = place(vdev, ppos.value)
  if (typeof to === 'number') return to
  const bytes = new Uint8Array(count)
  const done =
    to.index === VFIO_PCI_CONFIG_REGION_INDEX
      ? readConfigBytes(vdev, to.offset, bytes)
      : yield* readBar(vdev, to.index, to.offset, bytes)
  if (done < 0) return done
  if (yield* copyUserFaulting(buf, bytes.subarray(0, done), done)) return -EFAULT
  ppos.value += done
  return done
}

export function* writeRegion(
  vdev: vfio_pci_core_device, buf: unknown, count: number, ppos: { value: number },
): Sim<number> {
  const to = place(vdev, ppos.value)
  if (typeof to === 'number') return to
  const bytes = new Uint8Array(count)
  if (yield* copyUserFaulting(bytes, buf, count)) return -EFAULT
  const done =
    to.index === VFIO_PCI_CONFIG_REGION_INDEX
      ? yield* writeConfigBytes(vdev, to.offset, bytes)
      : yield* writeBar(vdev, to.index, to.offset, bytes)
  if (done > 0) ppos.value += done
  return done
}

function readConfigBytes(vdev: vfio_pci_core_device, offset: number, bytes: Uint8Array): number {
  const end = Math.min(CONFIG_BYTES, offset + bytes.length)
  for (let at = offset; at < end; at++) {
    const value = { value: 0 }
    readConfig(vdev.pdev, at, 1, value)
    const command = at - PCI_COMMAND
    bytes[at - offset] = command === 0 || command === 1 ? vdev.$command >> (8 * command) : value.value
  }
  return Math.max(0, end - offset)
}

function* writeConfigBytes(
  vdev: vfio_pci_core_device, offset: number, bytes: Uint8Array,
): Sim<number> {
  for (let done = 0; done < bytes.length; ) {
    const size = step(offset + done, bytes.length - done)
    let value = 0
    for (let i = size - 1; i >= 0; i--) value = value * 256 + bytes[done + i]!
    if (offset + done === PCI_COMMAND) yield* setCommand(vdev, value & 0xffff)
    else writeConfig(vdev.pdev, offset + done, size, value)
    done += size
  }
  return bytes.length
}

/** -EIO while memory is off: nothing would answer. */
function* readBar(
  vdev: vfio_pci_core_device, bar: number, offset: number, bytes: Uint8Array,
): Sim<number> {
  yield* readLock(vdev.memory_lock)
  const r = vdev.pdev.resource[bar]!
  const length = Math.min(bytes.length, resourceSize(r) - offset)
  for (let at = 0; vdev.$memoryOn && at < length; ) {
    const size = step(offset + at, length - at)
    readPhysical(r.start + offset + at, bytes.subarray(at, at + size))
    at += size
  }
  const on = vdev.$memoryOn
  upRead(vdev.memory_lock)
  return on ? length : -EIO
}

function* writeBar(
  vdev: vfio_pci_core_device, bar: number, offset: number, bytes: Uint8Array,
): Sim<number> {
  yield* readLock(vdev.memory_lock)
  const r = vdev.pdev.resource[bar]!
  const length = Math.min(bytes.length, resourceSize(r) - offset)
  for (let at = 0; vdev.$memoryOn && at < length; ) {
    const size = step(offset + at, length - at)
    writePhysical(r.start + offset + at, bytes.subarray(at, at + size))
    at += size
  }
  const on = vdev.$memoryOn
  upRead(vdev.memory_lock)
  return on ? length : -EIO
}
