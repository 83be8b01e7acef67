import { PAGE_SIZE } from '../../base/units'
import { call, type Sim } from '../../engine/suspend'
import { EINVAL, ENOTTY } from '../errno'
import { FAULT } from '../mm/fault-codes'
import { VM, type vm_area_struct, type vm_operations_struct } from '../mm/vma'
import { zapMappings } from '../mm/zap'
import { insertFrame } from '../mm/map-pages'
import { defineRwsem, upRead, upWrite } from '../locking/rwsem'
import { readLock, writeLock } from '../iommufd/lock'
import { PCI_COMMAND, PCI_COMMAND_MEMORY } from '../pci/config'
import {
  disableDevice, enableDevice, releaseBar, requestBar, setMaster, writeConfig,
} from '../pci/functions'
import type { pci_dev } from '../pci/pci-dev'
import { tryResetFunction } from '../pci/reset'
import { IORESOURCE_MEM, resourceSize } from '../platform/resource'
import { vfio_device, type vfio_device_ops } from './device'
import { askFeature, cleanUpBuffers, moveBuffers } from './pci-dmabuf'
import { readRegion, writeRegion } from './pci-access'
import {
  argsOf, MIN_SIZE, VFIO_DEVICE_FLAGS_PCI, VFIO_DEVICE_FEATURE, VFIO_DEVICE_FLAGS_RESET,
  VFIO_DEVICE_GET_INFO,
  VFIO_DEVICE_GET_REGION_INFO, VFIO_DEVICE_RESET, VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_NUM_IRQS,
  VFIO_PCI_NUM_REGIONS, VFIO_PCI_OFFSET, VFIO_PCI_ROM_REGION_INDEX, VFIO_REGION_INFO_FLAG_MMAP,
  VFIO_REGION_INFO_FLAG_READ, VFIO_REGION_INFO_FLAG_WRITE,
} from './uapi'

/** PCI functions for programs: drivers/vfio/pci/vfio_pci_core.c. */

export class vfio_pci_core_device extends vfio_device {
  pdev: pci_dev
  /** Held for reading by accesses, for writing by what makes memory go. */
  readonly memory_lock = defineRwsem('&vdev->memory_lock')
  /** @internal The command register as the program sees it. */
  $command = 0
  /** @internal BARs that were claimed for mappings. */
  readonly $claimed = new Set<number>()

  constructor(pdev: pci_dev, ops: vfio_device_ops) {
    super(pdev.dev, ops)
    this.pdev = pdev
  }

  /** @internal Its BARs answer, as far as the program has asked for that. */
  get $memoryOn(): boolean {
    return (this.$command & PCI_COMMAND_MEMORY) !== 0
  }
}

/** Memory is about to go: nobody reaches it any more when this returns, lock held for writing. */
function* zapAndLock(vdev: vfio_pci_core_device): Sim {
  yield* writeLock(vdev.memory_lock)
  yield* zapMappings(vdev.$mapping)
  yield* moveBuffers(vdev, true)
}

function* unlockMemory(vdev: vfio_pci_core_device): Sim {
  if (vdev.$memoryOn) yield* moveBuffers(vdev, false)
  upWrite(vdev.memory_lock)
}

/** The first open: the device is on, and quiet. 0 or -errno. */
export function* enableCore(vdev: vfio_pci_core_device): Sim<number> {
  const { pdev } = vdev
  setMaster(pdev, false)
  const ret = yield* call(() => enableDevice(pdev) as number)
  if (ret) return ret
  yield* tryResetFunction(pdev)
  vdev.$command = PCI_COMMAND_MEMORY
  writeConfig(pdev, PCI_COMMAND, 2, vdev.$command)
  return 0
}

/** The last close: nobody reaches it any more, and it is as after a reset. */
export function* closeCore(vdev: vfio_pci_core_device): Sim {
  const { pdev } = vdev
  yield* zapAndLock(vdev)
  yield* cleanUpBuffers(vdev)
  vdev.$command = 0
  upWrite(vdev.memory_lock)
  setMaster(pdev, false)
  for (const bar of vdev.$claimed) releaseBar(pdev, bar)
  vdev.$claimed.clear()
  disableDevice(pdev)
  yield* tryResetFunction(pdev)
}

/** Writing the command register: memory that goes takes mappings and what was lent along. */
export function* setCommand(vdev: vfio_pci_core_device, value: number): Sim {
  const before = vdev.$memoryOn
  const goes = before && !(value & PCI_COMMAND_MEMORY)
  if (goes) yield* zapAndLock(vdev)
  else yield* writeLock(vdev.memory_lock)
  vdev.$command = value
  writeConfig(vdev.pdev, PCI_COMMAND, 2, value)
  if (goes || before === vdev.$memoryOn) upWrite(vdev.memory_lock)
  else yield* unlockMemory(vdev)
}

function* reset(vdev: vfio_pci_core_device): Sim<number> {
  if (!vdev.pdev.pcie_cap) return -EINVAL
  yield* zapAndLock(vdev)
  const ret = yield* tryResetFunction(vdev.pdev)
  yield* unlockMemory(vdev)
  return ret
}

function regionInfo(vdev: vfio_pci_core_device, arg: unknown): number {
  const args = argsOf(arg, MIN_SIZE.region_info)
  if (typeof args === 'number') return args
  const index = args['index'] as number
  if (!(index >= 0 && index < VFIO_PCI_NUM_REGIONS)) return -EINVAL
  args['offset'] = index * VFIO_PCI_OFFSET
  const r = index < VFIO_PCI_ROM_REGION_INDEX ? vdev.pdev.resource[index] : undefined
  const config = index === VFIO_PCI_CONFIG_REGION_INDEX
  args['size'] = config ? 256 : r?.flags ? resourceSize(r) : 0
  const both = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE
  args.flags = args['size'] ? both : 0
  if (mappable(vdev, index)) args.flags |= VFIO_REGION_INFO_FLAG_MMAP
  return 0
}

export function* coreIoctl(vdev: vfio_pci_core_device, cmd: number, arg: unknown): Sim<number> {
  if (cmd === VFIO_DEVICE_FEATURE) return yield* askFeature(vdev, arg)
  if (cmd === VFIO_DEVICE_RESET) return yield* reset(vdev)
  if (cmd === VFIO_DEVICE_GET_REGION_INFO) return regionInfo(vdev, arg)
  if (cmd !== VFIO_DEVICE_GET_INFO) return -ENOTTY
  const args = argsOf(arg, MIN_SIZE.device_info)
  if (typeof args === 'number') return args
  args.flags = VFIO_DEVICE_FLAGS_PCI | (vdev.pdev.pcie_cap ? VFIO_DEVICE_FLAGS_RESET : 0)
  args['num_regions'] = VFIO_PCI_NUM_REGIONS
  args['num_irqs'] = VFIO_PCI_NUM_IRQS
  return 0
}

/** Whole pages of memory that nobody has forbidden to map. */
function mappable(vdev: vfio_pci_core_device, index: number): boolean {
  const r = index < VFIO_PCI_ROM_REGION_INDEX ? vdev.pdev.resource[index] : undefined
  if (!r || !(r.flags & IORESOURCE_MEM) || vdev.pdev.non_mappable_bars) return false
  return resourceSize(r) >= PAGE_SIZE
}

/** What is behind a mapping comes when it is touched, while memory is on. */
const areaOps = (vdev: vfio_pci_core_device, firstPfn: number): vm_operations_struct => ({
  fault: function* (vmf: { vma: vm_area_struct; address: number }): Sim<number> {
    const { vma, address } = vmf
    yield* readLock(vdev.memory_lock)
    const at = address - (address % PAGE_SIZE)
    const pfn = firstPfn + (at - vma.vm_start) / PAGE_SIZE
    const ret = vdev.$memoryOn ? insertFrame(vma, at, pfn) : FAULT.SIGBUS
    upRead(vdev.memory_lock)
    return ret
  } as unknown as NonNullable<vm_operations_struct['fault']>,
})

const PAGES_PER_REGION = VFIO_PCI_OFFSET / PAGE_SIZE

export function mapCore(vdev: vfio_pci_core_device, vma: vm_area_struct): number {
  const index = Math.floor(vma.vm_pgoff / PAGES_PER_REGION)
  if (index >= VFIO_PCI_NUM_REGIONS || !(vma.vm_flags & VM.SHARED)) return -EINVAL
  if (!mappable(vdev, index)) return -EINVAL
  const r = vdev.pdev.resource[index]!
  const offset = (vma.vm_pgoff % PAGES_PER_REGION) * PAGE_SIZE
  if (offset + vma.vm_end - vma.vm_start > resourceSize(r)) return -EINVAL
  if (!vdev.$claimed.has(index)) {
    const ret = requestBar(vdev.pdev, index, 'vfio-pci')
    if (ret) return ret
    vdev.$claimed.add(index)
  }
  vma.vm_flags |= VM.IO | VM.PFNMAP | VM.DONTEXPAND | VM.DONTDUMP
  vma.vm_ops = areaOps(vdev, (r.start + offset) / PAGE_SIZE)
  return 0
}

export const readCore = (
  vdev: vfio_pci_core_device, buf: unknown, count: number, ppos: { value: number },
): Sim<number> => readRegion(vdev, buf, count, ppos)

export const writeCore = (
  vdev: vfio_pci_core_device, buf: unknown, count: number, ppos: { value: number },
): Sim<number> => writeRegion(vdev, buf, count, ppos)
