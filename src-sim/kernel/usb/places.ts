import type { Machine } from '../../engine/machine'
import type { Sim } from '../../engine/suspend'
import { plug } from '../pci/scan'
import { plugUsb } from './hub'

/** `1-1` is a port of the root hub; PCI places have colons. */
export const isUsbPort = (name: string): boolean => /^\d+-\d+$/.test(name)

/** Finds a device that is there when the machine starts. 0 or -errno. */
export const plugAtBoot = (machine: Machine, name: string): Sim<number> =>
  isUsbPort(name) ? plugUsb(machine, name) : plug(machine, name)
