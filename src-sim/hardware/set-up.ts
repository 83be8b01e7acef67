import type { Machine, Preemption } from '../engine/machine'
import { Cpu } from '../engine/cpu'
import { assert } from '../base/assert'
import { configureKernel, type KernelConfig } from '../kernel/base/config'
import { PropertySet, type PropertyValue } from '../kernel/base/property'
import { addBoardClock } from '../kernel/clk/lookup'
import { allocIrqs } from '../kernel/irq/lines'
import { dmaPlatform } from '../kernel/dma/dma-device'
import { prepareIommu } from '../kernel/iommu/register'
import { describeIommu, type IommuMode } from '../kernel/iommu/setup'
import { swiotlb } from '../kernel/dma/swiotlb'
import { physicalMemory } from '../kernel/mm/physical'
import { addSlot } from '../kernel/pci/bus'
import { hostBridge } from '../kernel/pci/p2pdma-route'
import { addBridge } from '../kernel/pci/root-port'
import type { PciHardware } from '../kernel/pci/pci-dev'
import type { UsbHardware } from '../kernel/usb/hardware'
import { addPort } from '../kernel/usb/hub'
import { busSpace } from '../kernel/platform/bus-space'
import { deviceTree, type device_node } from '../kernel/of/node'
import { platformHost } from '../kernel/platform/host'
import {
  PLATFORM_DEVID_NONE,
  platform_device,
  registerPlatformDevice,
} from '../kernel/platform/platform'
import { IORESOURCE_IRQ, IORESOURCE_MEM, resource } from '../kernel/platform/resource'
import { device_model } from './device-model'
import { iommu_unit } from './iommu-unit'
import { MODELS, USB_MODELS } from './models'
import { usb_device_model } from './usb-device-model'

type Model = string | (new () => device_model)
type ModelOptions = Readonly<Record<string, number | boolean | string>>

/** A device in a slot: the name of a built-in model, or a class of the lab's own. */
export interface PciSlotSpec {
  /** `01:00.0`: bus, device and function. Buses other than 00 are hot-plug ports. */
  slot: string
  /** Left out for a bridge. */
  model?: Model
  /** Switches of the model: fields of it, by name. */
  options?: ModelOptions
  /** A bridge sits here, with the bus of this number (1 to 255) behind it. */
  bridge?: number
  /** False: the bridge has no access control (ACS), so neighbours can always reach each other. */
  acs?: boolean
  /** Slots with the same name here are wired to one INTx line; left out: a line of its own. */
  line?: string
  /** False: the slot is empty until the scenario plugs it. */
  present?: boolean
}

/** A device on the board, found by its name. */
export interface PlatformSpec {
  name: string
  /** The number behind the name; left out: the name alone. */
  id?: number
  /** What is behind its registers; left out: a device without hardware. */
  model?: Model
  /** Interrupt lines (default 1 with a model, else 0). */
  irqs?: number
  properties?: Readonly<Record<string, PropertyValue>>
  /** Clocks that the board feeds it, in Hz, by the name it asks for: `{ bus: 50_000_000 }`. */
  clocks?: Readonly<Record<string, number>>
  /** Its node in the device tree, by path; left out: a node of its own, with its properties. */
  node?: string
}

type UsbModel = string | (new () => usb_device_model)

/** A device in a port of the root hub: the name of a built-in model, or a class of one's own. */
export interface UsbPortSpec {
  /** `1-1`, `1-2`, ... */
  port: string
  model: UsbModel
  /** False: the port is empty until the scenario plugs it. */
  present?: boolean
}

/** The IOMMU, and what the command line says about it. */
export interface IommuSpec {
  /** 'lazy': the TLB is flushed later and for many; 'strict': each unmapping waits for it. */
  mode: IommuMode
  /** The hardware also remembers what was not there, as virtual ones do (caching mode). */
  cachingMode?: boolean
  /** 64-bit devices do not try addresses below 4 GiB first (`iommu.forcedac=1`). */
  forcedac?: boolean
  /** Pages that are freed while a device can reach them are reported. */
  debugPagealloc?: boolean
}

const DEFAULT_IOMMU: IommuMode = 'lazy'

/** What `machine.ts` describes. Everything has a default. */
export interface MachineSpec {
  cpus?: number
  hz?: number
  /** When kernel code is preempted: 'full' (default), 'lazy' or 'none'. */
  preemption?: Preemption
  /** Bytes of RAM. */
  memory?: number
  /** How the kernel was built: debugging options by their Kconfig names. */
  config?: KernelConfig
  /** What stands between PCI cards and memory. */
  iommu?: IommuMode | IommuSpec
  pci?: PciSlotSpec[]
  platform?: PlatformSpec[]
  /** Nodes of the device tree by path, parents first; `'&name'` in a property is another node. */
  nodes?: Readonly<Record<string, Readonly<Record<string, PropertyValue>>>>
  usb?: UsbPortSpec[]
  dma?: DmaSpec
  /** What sits at 00:00.0, by its ids: some forward what cards below it send to each other. */
  hostBridge?: { vendor: number; device: number }
}

/** How devices reach memory on this board. */
export interface DmaSpec {
  /** False: devices do not see what CPUs have in their caches, and the other way round. */
  coherent?: boolean
  /** `swiotlb=`: 'force' copies everything through bounce buffers. */
  swiotlb?: 'force' | 'noforce'
  /** Slots of 2 KiB of the bounce buffers; a multiple of 128 for each CPU. */
  swiotlbSlots?: number
  /** Bounces small buffers of devices that are not coherent. */
  bounceKmalloc?: boolean
  /** CONFIG_ZONE_DMA: masks of 24 bits and more are accepted. */
  zoneDma?: boolean
}

/** The machine of a lab that has no machine file: two CPUs and an edu device. */
const DEFAULT_PCI: PciSlotSpec[] = [{ slot: '01:00.0', model: 'edu' }]
const BOARD_BASE = 0x1000_0000

export function configureMachine(machine: Machine, spec: MachineSpec): void {
  const cpus = spec.cpus ?? 2
  assert(cpus >= 1 && cpus <= 16, `a machine has 1 to 16 CPUs, not ${cpus}`)
  machine.cpus.length = 0
  for (let i = 0; i < cpus; i++) machine.cpus.push(new Cpu(i))
  if (spec.hz !== undefined) machine.hz = spec.hz
  if (spec.preemption !== undefined) machine.preemption = spec.preemption
  if (spec.memory !== undefined) physicalMemory(machine).limit = spec.memory
  if (spec.config) configureKernel(machine, spec.config)
  setUpIommu(machine, spec.iommu ?? DEFAULT_IOMMU)
  if (spec.dma) {
    Object.assign(dmaPlatform(machine), spec.dma)
    swiotlb(machine)
  }
  if (spec.hostBridge) Object.assign(hostBridge(machine), spec.hostBridge)
}

/** Before devices are found. */
export function setUpIommu(machine: Machine, said: IommuMode | IommuSpec): void {
  const spec = typeof said === 'string' ? { mode: said } : said
  if (spec.mode === 'none') return
  const { cachingMode = false, forcedac = false, debugPagealloc = false } = spec
  const makeUnit = (): iommu_unit => new iommu_unit({ cachesMissing: cachingMode })
  describeIommu(machine, { mode: spec.mode, makeUnit, cachingMode, forcedac, debugPagealloc })
  prepareIommu(machine)
}

/** Builds places and the board; answers the places whose device is to be found at boot. */
export function setUpHardware(machine: Machine, spec: MachineSpec): string[] {
  const present: string[] = []
  for (const slot of spec.pci ?? (spec.platform || spec.usb ? [] : DEFAULT_PCI)) {
    addPlace(machine, slot)
    if (slot.present !== false) present.push(slot.slot)
  }
  for (const { port, model, present: there } of spec.usb ?? []) {
    const make = usbModelOf(model)
    addPort(machine, port, () => guardedUsb(machine, new make()))
    if (there !== false) present.push(port)
  }
  let next = BOARD_BASE
  for (const [path, properties] of Object.entries(spec.nodes ?? {}))
    deviceTree(machine).add(path, properties)
  for (const device of spec.platform ?? []) next = addPlatform(machine, device, next)
  return present
}

/** Bridges come before what is behind them. */
function addPlace(machine: Machine, spec: PciSlotSpec): void {
  const { slot, model, bridge } = spec
  if (bridge !== undefined) {
    addBridge(machine, slot, bridge, spec.acs)
    return
  }
  if (model === undefined) throw new Error(`machine.ts: slot ${slot} needs a model or a bridge.`)
  const make = modelOf(model)
  addSlot(machine, slot, {
    hardware: () => guarded(machine, withOptions(new make(), spec.options ?? {})),
    line: spec.line ?? null,
  })
}

function withOptions(model: device_model, options: ModelOptions): device_model {
  for (const name of Object.keys(options))
    if (!(name in model)) throw new Error(`machine.ts: ${model.name} has no option '${name}'.`)
  return Object.assign(model, options)
}

function modelOf(model: Model): new () => device_model {
  const found = typeof model === 'string' ? MODELS[model] : model
  if (!found)
    throw new Error(
      `machine.ts: there is no device model '${String(model)}'; built in: ${Object.keys(MODELS).join(', ')}.`,
    )
  return found
}

function usbModelOf(model: UsbModel): new () => usb_device_model {
  const found = typeof model === 'string' ? USB_MODELS[model] : model
  if (!found)
    throw new Error(
      `machine.ts: there is no USB model '${String(model)}'; built in: ${Object.keys(USB_MODELS).join(', ')}.`,
    )
  return found
}

/** A lab's own model is compiled code: its functions run to their end at once. */
function guardedUsb(machine: Machine, model: usb_device_model): UsbHardware {
  assert(model instanceof usb_device_model, 'a USB model must extend usb_device_model')
  const { runtime } = machine
  const { idVendor, idProduct, bcdDevice, bDeviceClass, speed } = model
  const { manufacturer, product, serial, interfaces } = model
  return {
    idVendor,
    idProduct,
    bcdDevice,
    bDeviceClass,
    speed,
    manufacturer,
    product,
    serial,
    interfaces,
    attach: (port) => runtime.atomic<void>(model.attach(port)),
    control: (request, data) => runtime.atomic(model.control(request, data)),
    in: (address, length) => runtime.atomic(model.in(address, length)),
    out: (address, bytes) => runtime.atomic(model.out(address, bytes)),
    reset: () => runtime.atomic<void>(model.reset()),
  }
}

/** Adds a device of the board from address `base` on; answers the next free address. */
function addPlatform(machine: Machine, spec: PlatformSpec, base: number): number {
  const pdev = new platform_device({ name: spec.name, id: spec.id ?? PLATFORM_DEVID_NONE })
  pdev.dev.release = () => {}
  if (spec.properties) pdev.dev.$properties = new PropertySet(spec.properties)
  pdev.dev.of_node = nodeOf(machine, spec)
  let next = base
  if (spec.model !== undefined) {
    const model = new (modelOf(spec.model))()
    const hardware = guarded(machine, model)
    for (const [bar, size] of model.bars.entries()) {
      if (!size) continue
      const start = Math.ceil(next / size) * size
      next = start + size
      pdev.resource.push(new resource({ start, end: next - 1, flags: IORESOURCE_MEM }))
      busSpace(machine).add({
        start,
        size,
        object: pdev,
        bar,
        answers: () => true,
        read: (offset, width) => hardware.read(bar, offset, width),
        write: (offset, width, value) => hardware.write(bar, offset, width, value),
      })
    }
    model.$host = platformHost(machine, pdev, addLines(machine, pdev, spec.irqs ?? 1))
  } else addLines(machine, pdev, spec.irqs ?? 0)
  machine.runtime.atomic(registerPlatformDevice(pdev))
  for (const [id, rate] of Object.entries(spec.clocks ?? {}))
    addBoardClock(pdev.dev.$label, id, rate)
  return next
}

function nodeOf(machine: Machine, spec: PlatformSpec): device_node {
  const tree = deviceTree(machine)
  const path = spec.id === undefined ? spec.name : `${spec.name}@${spec.id}`
  if (spec.node === undefined) return tree.add(path, spec.properties ?? {})
  const node = tree.nodes.get(spec.node)
  if (!node) throw new Error(`machine.ts: there is no node '${spec.node}'.`)
  return node
}

function addLines(machine: Machine, pdev: platform_device, count: number): number[] {
  const lines: number[] = []
  for (let i = 0; i < count; i++) {
    const irq = allocIrqs(machine, 1, pdev.name, 'intx')
    lines.push(irq)
    pdev.resource.push(new resource({ start: irq, end: irq, flags: IORESOURCE_IRQ }))
  }
  return lines
}

/** A lab's own model is compiled code: its functions run to their end at once. */
function guarded(machine: Machine, model: device_model): PciHardware {
  assert(model instanceof device_model, 'a device model must extend device_model')
  const { runtime } = machine
  return {
    vendorId: model.vendorId,
    deviceId: model.deviceId,
    revision: model.revision,
    classCode: model.classCode,
    bars: model.bars,
    vectors: model.vectors,
    vectorsX: model.vectorsX,
    ats: model.ats,
    pageRequests: model.pageRequests,
    pasidBits: model.pasidBits,
    read: (bar, offset, size) => runtime.atomic<number>(model.read(bar, offset, size)),
    write: (bar, offset, size, value) =>
      runtime.atomic<void>(model.write(bar, offset, size, value)),
    attach: (pdev) => runtime.atomic<void>(model.attach(pdev)),
    reset: () => runtime.atomic<void>(model.reset()),
  }
}
