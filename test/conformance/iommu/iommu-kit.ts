import { attachDmaSanitizer } from '../../../src-sim/checkers/dma'
import { attachIommu } from '../../../src-sim/checkers/iommu'
import { machine } from '../../../src-sim/engine/current'
import type { Machine } from '../../../src-sim/engine/machine'
import { TaskDeath } from '../../../src-sim/engine/exec'
import type { Sim } from '../../../src-sim/engine/suspend'
import { device_model } from '../../../src-sim/hardware/device-model'
import { setUpHardware, setUpIommu, type MachineSpec, type PciSlotSpec } from '../../../src-sim/hardware/set-up'
import { physicalMemory } from '../../../src-sim/kernel/mm/physical'
import { armIommu, readyIommu } from '../../../src-sim/kernel/iommu/register'
import { pciBus } from '../../../src-sim/kernel/pci/bus'
import { plug } from '../../../src-sim/kernel/pci/scan'
import { scheduleTimeoutNs } from '../../../src-sim/kernel/sched/schedule'
import { installTrouble } from '../../../src-sim/kernel/sched/trouble'
import { PCI_COMMAND_MASTER } from '../../../src-sim/kernel/pci/config'
import { DMA_BIT_MASK, dma_set_mask_and_coherent } from '../../../src-sim/linux/dma-mapping'
import { GFP_KERNEL, kmalloc } from '../../../src-sim/linux/slab'
import type { pci_dev } from '../../../src-sim/linux/pci'
import { dmesg, run } from '../../sim/harness'

/** A card that reads and writes memory when a test tells it to. */
export class card extends device_model {
  override vendorId = 0x1af4
  override deviceId = 1
  override name = 'card'
}

/** The same, keeping translations itself, with PASIDs and page requests. */
export class smart_card extends card {
  override ats = true
  override pageRequests = 32
  override pasidBits = 8
}

export interface Seen {
  machine: Machine
  kinds: string[]
  log: string[]
}

export interface Card {
  pdev: pci_dev
  hardware: card
}

export const at = (name: string): Card => {
  const slot = pciBus(machine()).slot(name)!
  const pdev = pciBus(machine()).found.get(slot)!
  return { pdev, hardware: cards(machine()).get(slot.name)! }
}

const made = new WeakMap<Machine, Map<string, card>>()
const cards = (m: Machine): Map<string, card> => {
  let all = made.get(m)
  if (!all) made.set(m, (all = new Map()))
  return all
}

/** A slot whose card a test can reach. */
export function slotOf(slot: string, model: new () => card = card): PciSlotSpec {
  return {
    slot,
    model: class extends model {
      constructor() {
        super()
        cards(machine()).set(`0000:${slot}`, this)
      }
    },
  }
}

/** A machine with these cards, all of them bus masters with 32 bits of addresses. */
export function onBus(
  iommu: NonNullable<MachineSpec['iommu']>, slots: PciSlotSpec[], body: () => Sim<unknown>,
): Seen {
  let failure: unknown = null
  const m = run(function* () {
    try {
      yield* onBoard(iommu, slots, body)
    } catch (error) {
      failure = error
      throw error
    }
  })
  if (failure instanceof Error && !(failure instanceof TaskDeath)) throw failure
  return { machine: m, kinds: m.findings.map((f) => f.kind), log: dmesg(m) }
}

function* onBoard(
  iommu: NonNullable<MachineSpec['iommu']>, slots: PciSlotSpec[], body: () => Sim<unknown>,
): Sim {
  installTrouble(machine())
  setUpIommu(machine(), iommu)
  attachDmaSanitizer(machine())
  attachIommu(machine())
  for (const slot of setUpHardware(machine(), { pci: slots })) yield* plug(machine(), slot)
  armIommu(machine())
  readyIommu(machine())
  for (const { slot, bridge, present } of slots) {
    if (bridge !== undefined || present === false) continue
    const { pdev } = at(slot)
    pdev.$function!.command |= PCI_COMMAND_MASTER
    dma_set_mask_and_coherent(pdev.dev, DMA_BIT_MASK(32))
  }
  yield* body()
}

/** One card on bus 1. */
export const onCard = (
  iommu: NonNullable<MachineSpec['iommu']>, body: (one: Card) => Sim<unknown>, model: new () => card = card,
): Seen => onBus(iommu, [slotOf('01:00.0', model)], () => body(at('01:00.0')))

export const sleepMs = (ms: number): Sim<number> =>
  scheduleTimeoutNs(ms * 1_000_000, 'test', 'uninterruptible')

export const buffer = (size = 4096): Uint8Array => {
  const bytes = kmalloc(size, GFP_KERNEL)!
  bytes.fill(0)
  return bytes
}

export const physOf = (bytes: Uint8Array): number => physicalMemory(machine()).addressOf(bytes)!
