import type { Sim } from '../../../src-sim/engine/suspend'
import { device_model } from '../../../src-sim/hardware/device-model'
import { setUpHardware, type MachineSpec } from '../../../src-sim/hardware/set-up'
import { pciBus } from '../../../src-sim/kernel/pci/bus'
import { plug } from '../../../src-sim/kernel/pci/scan'
import * as pci from '../../../src-sim/linux/pci'
import { sim } from '../../sim/harness'
import { play, type Kit } from '../device-model/kit'

/** A card with 4 KiB of registers that do nothing and 64 KiB of memory behind BAR 2. */
export class MemoryCard extends device_model {
  override deviceId = 0x2222
  override bars = [0x1000, 0, 0x10000]
  override name = 'memory-card'
  readonly bytes = new Uint8Array(0x10000)

  override read(bar: number, offset: number, size: number): number {
    let value = 0
    if (bar === 2) for (let i = size - 1; i >= 0; i--) value = value * 256 + this.bytes[offset + i]!
    return value
  }

  override write(bar: number, offset: number, size: number, value: number): void {
    if (bar === 2) for (let i = 0; i < size; i++) this.bytes[offset + i] = value >>> (8 * i)
  }
}

/** All copy cards of a test, in the order of their coming. */
export const copyCards: CopyCard[] = []

/** A card that the test makes read and write memory by hand. */
export class CopyCard extends device_model {
  override deviceId = 0x3333
  override name = 'copy-card'

  constructor() {
    super()
    copyCards.push(this)
  }
}

/** Root port 1 leads to a switch: upstream 01:00.0, downstream 02:00.0 and 02:01.0. */
export const SWITCHED: MachineSpec = {
  pci: [
    { slot: '01:00.0', bridge: 2 },
    { slot: '02:00.0', bridge: 3 },
    { slot: '02:01.0', bridge: 4 },
    { slot: '03:00.0', model: MemoryCard },
    { slot: '04:00.0', model: CopyCard },
  ],
}
/** Two cards below root ports of their own. */
export const APART: MachineSpec = {
  pci: [
    { slot: '03:00.0', model: MemoryCard },
    { slot: '04:00.0', model: CopyCard },
  ],
}

export interface Cards {
  provider: pci.pci_dev
  client: pci.pci_dev
}

/** Finds the cards and binds a driver to each; `probe` is that of the memory card. */
export function* bootCards(
  kit: Kit,
  spec: MachineSpec = SWITCHED,
  probe: (pdev: pci.pci_dev) => unknown = (pdev) => pci.pci_enable_device(pdev),
): Sim<Cards> {
  copyCards.length = 0
  for (const slot of setUpHardware(kit.machine, spec)) yield* plug(kit.machine, slot)
  const ids = (device: number) => [pci.PCI_DEVICE(0x1234, device)]
  const provides = { name: 'provider', id_table: ids(0x2222), probe, remove: () => kit.say('remove') }
  yield* sim(pci.pci_register_driver(provides as pci.pci_driver_init))
  const uses = {
    name: 'client',
    id_table: ids(0x3333),
    probe: (p: pci.pci_dev) => (pci.pci_set_master(p), pci.pci_enable_device(p)),
    remove: () => {},
  }
  yield* sim(pci.pci_register_driver(uses))
  const at = (slot: string): pci.pci_dev => pciBus(kit.machine).found.get(pciBus(kit.machine).slot(slot)!)!
  return { provider: at('03:00.0'), client: at('04:00.0') }
}

/** As `play`, for tests that must get to their end: an oops on the way is a failure. */
export function playAll(main: (kit: Kit) => Sim): Kit {
  let done = false
  const kit = play(function* (k) {
    yield* main(k)
    done = true
  })
  if (!done) throw new Error(kit.machine.findings.map((f) => f.report.join('\n')).join('\n'))
  return kit
}
