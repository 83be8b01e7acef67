import { module_platform_driver, platform_bus_type, platform_get_drvdata, platform_set_drvdata, type platform_device } from 'linux/platform_device'
import { bus_find_device_by_name, device_link_add, DL_FLAG_AUTOREMOVE_CONSUMER, put_device, type device } from 'linux/device'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { EINVAL, ENOMEM, EPROBE_DEFER } from 'linux/errno'
import { mdiobus_alloc, mdiobus_free, mdiobus_register, mdiobus_unregister, type mii_bus } from './mdio_bus'

class mv88e6xxx_chip {
  dev!: device
  mdio: mii_bus | null = null
  up = true
}

function mv88e6xxx_mdio_register(chip: mv88e6xxx_chip) {
  const bus = mdiobus_alloc()
  if (!bus) return -ENOMEM
  const ret = mdiobus_register(bus, chip.dev, 'mv88e6xxx-mdio')
  if (ret) {
    mdiobus_free(bus)
    return ret
  }
  chip.mdio = bus
  return 0
}

function mv88e6xxx_mdio_unregister(chip: mv88e6xxx_chip) {
  mdiobus_unregister(chip.mdio!)
  mdiobus_free(chip.mdio!) // by the same hand that allocated it
}

/** The switch hangs on a network interface: it must go before that one does. */
function mv88e6xxx_link_to_conduit(chip: mv88e6xxx_chip) {
  const conduit = bus_find_device_by_name(platform_bus_type, null, 'dpni')
  if (!conduit) return -EPROBE_DEFER
  const link = device_link_add(chip.dev, conduit, DL_FLAG_AUTOREMOVE_CONSUMER)
  put_device(conduit)
  return link ? 0 : -EINVAL
}

function mv88e6xxx_probe(pdev: platform_device) {
  const chip = kzalloc(mv88e6xxx_chip, GFP_KERNEL)
  if (!chip) return -ENOMEM
  chip.dev = pdev.dev
  let ret = mv88e6xxx_link_to_conduit(chip)
  if (!ret) ret = mv88e6xxx_mdio_register(chip)
  if (ret) {
    kfree(chip)
    return ret
  }
  platform_set_drvdata(pdev, chip)
  return 0
}

/** Unbinding: by hand, with the module, or because the interface goes that it is linked to. */
function mv88e6xxx_remove(pdev: platform_device) {
  const chip = platform_get_drvdata<mv88e6xxx_chip | null>(pdev)
  if (!chip) return // shut down already
  mv88e6xxx_mdio_unregister(chip)
  kfree(chip)
}

/** Power-off: lets go of the interface, and leaves the rest as it is. */
function mv88e6xxx_shutdown(pdev: platform_device) {
  const chip = platform_get_drvdata<mv88e6xxx_chip | null>(pdev)
  if (!chip) return
  chip.up = false
  platform_set_drvdata(pdev, null)
}

module_platform_driver({
  driver: { name: 'mv88e6xxx' },
  probe: mv88e6xxx_probe,
  remove: mv88e6xxx_remove,
  shutdown: mv88e6xxx_shutdown,
})
