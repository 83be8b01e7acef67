import type { Sim } from '../../../src-sim/engine/suspend'
import { setUpHardware, type MachineSpec } from '../../../src-sim/hardware/set-up'
import { plug } from '../../../src-sim/kernel/pci/scan'
import * as pci from '../../../src-sim/linux/pci'
import { ptr } from '../../../src-sim/linux/types'
import { sim } from '../../sim/harness'
import type { Kit } from '../device-model/kit'

export const SLOT = '01:00.0'
export const NAME = '0000:01:00.0'
export const ONE: MachineSpec = { pci: [{ slot: SLOT, model: 'edu' }] }
export const EDU = pci.PCI_DEVICE(0x1234, 0x11e8)

/** A card with two functions behind one port, and a switch with two devices behind another. */
export const TREE: MachineSpec = {
  pci: [
    { slot: '01:00.0', model: 'edu' },
    { slot: '01:00.1', model: 'edu' },
    { slot: '02:00.0', bridge: 3 },
    { slot: '03:00.0', model: 'edu' },
    { slot: '03:01.0', model: 'edu' },
  ],
}

export function* boot(kit: Kit, spec: MachineSpec): Sim {
  for (const slot of setUpHardware(kit.machine, spec)) yield* plug(kit.machine, slot)
}

/** A driver of edu that says what it is called for. */
export function driver(kit: Kit, more: object = {}): pci.pci_driver_init {
  return {
    name: 'drv',
    id_table: [EDU],
    probe: (p) => (kit.say(`probe ${pci.pci_name(p).slice(5)}`), 0),
    remove: (p) => kit.say(`remove ${pci.pci_name(p).slice(5)}`),
    ...more,
  }
}

/** Boots, registers the driver and answers the first device it was given. */
export function* bind(kit: Kit, more: object = {}, spec = ONE): Sim<pci.pci_dev> {
  yield* boot(kit, spec)
  yield* sim(pci.pci_register_driver(driver(kit, more)))
  return (yield* sim(pci.pci_get_device(0x1234, 0x11e8, null)))!
}

export const dword = (p: pci.pci_dev, at: number): [ret: number, value: number] => {
  const v = ptr(0)
  return [pci.pci_read_config_dword(p, at, v), v.value]
}

export const command = (p: pci.pci_dev): number => {
  const v = ptr(0)
  pci.pci_read_config_word(p, pci.PCI_COMMAND, v)
  return v.value
}

/** Switches a device on and maps its registers. */
export function start(p: pci.pci_dev): number {
  pci.pci_enable_device(p)
  pci.pci_set_master(p)
  return pci.pci_iomap(p, 0, 0)
}
