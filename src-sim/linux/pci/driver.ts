import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import type { attribute_group } from '../../kernel/base/attributes'
import { registerDriver, unregisterDriver } from '../../kernel/base/bus'
import { modules } from '../../kernel/base/module'
import type { dev_pm_ops } from '../../kernel/base/pm-runtime'
import { pciBus } from '../../kernel/pci/bus'
import { addDynamicId } from '../../kernel/pci/dynamic-ids'
import {
  pci_driver,
  type pci_dev,
  type pci_device_id,
  type pci_error_handlers,
} from '../../kernel/pci/pci-dev'
import { module_exit, module_init } from '../module'

/** Drivers of the PCI bus. */

/** What a driver writes down instead of filling in a `struct pci_driver`. */
export interface pci_driver_init {
  name: string
  id_table?: readonly pci_device_id[]
  probe?: (pdev: pci_dev, id: pci_device_id) => number
  remove?: (pdev: pci_dev) => void
  shutdown?: (pdev: pci_dev) => void
  err_handler?: pci_error_handlers
  groups?: readonly attribute_group[]
  dev_groups?: readonly attribute_group[]
  /** As `driver` of the C structure: what the driver core itself looks at. */
  driver?: { pm?: dev_pm_ops; probe_type?: number; suppress_bind_attrs?: boolean }
}

const known = new WeakMap<object, pci_driver>()

function driverOf(init: pci_driver | pci_driver_init): pci_driver {
  if (init instanceof pci_driver) return init
  let drv = known.get(init)
  if (drv) return drv
  drv = new pci_driver()
  const { driver: core, ...own } = init
  Object.assign(drv, own)
  Object.assign(drv.driver, core)
  known.set(init, drv)
  return drv
}

function* registerPciDriver(init: pci_driver | pci_driver_init): Sim<number> {
  const drv = driverOf(init)
  const { driver } = drv
  driver.name = drv.name
  driver.bus = pciBus(machine()).bus
  driver.owner ??= modules(machine()).current
  driver.groups = drv.groups
  driver.dev_groups = drv.dev_groups
  driver.$probe = drv.probe as typeof driver.$probe
  driver.$remove = drv.remove as typeof driver.$remove
  return yield* registerDriver(driver)
}

/** Offers a driver to the bus; probes what fits. 0 or -errno. May sleep. */
export const pci_register_driver = kernelCall('pci_register_driver', registerPciDriver)

function* unregisterPciDriver(init: pci_driver | pci_driver_init): Sim {
  const drv = driverOf(init)
  yield* unregisterDriver(drv.driver)
  drv.$newIds.length = 0
}

/** Calls `remove` for every bound device and takes the driver off the bus. May sleep. */
export const pci_unregister_driver = kernelCall('pci_unregister_driver', unregisterPciDriver)

/** A module whose init and exit only register and unregister this driver. */
export function module_pci_driver(init: pci_driver | pci_driver_init): void {
  const drv = driverOf(init)
  drv.driver.owner = modules(machine()).loading
  module_init(() => registerPciDriver(drv) as unknown as number)
  module_exit(() => unregisterPciDriver(drv) as unknown as void)
}

/** Lets a driver take further devices, as its `new_id` file does. 0 or -errno. May sleep. */
export const pci_add_dynid = kernelCall(
  'pci_add_dynid',
  function* (
    init: pci_driver | pci_driver_init,
    vendor: number,
    device: number,
    subvendor: number,
    subdevice: number,
    cls: number,
    class_mask: number,
    driver_data: unknown,
  ): Sim<number> {
    return yield* addDynamicId(driverOf(init), {
      vendor,
      device,
      subvendor,
      subdevice,
      class: cls,
      class_mask,
      driver_data,
    })
  },
)

/** The driver that is bound, or null. */
export const pci_dev_driver = quiet(function pci_dev_driver(pdev: pci_dev): pci_driver | null {
  return pdev.driver
})
