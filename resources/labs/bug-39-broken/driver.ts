import { module_platform_driver, platform_get_drvdata, platform_set_drvdata, type platform_device } from 'linux/platform_device'
import { of_find_device_by_node } from 'linux/of_platform'
import { of_node_put, of_parse_phandle } from 'linux/of'
import { dev_info, type device } from 'linux/device'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { EINVAL, ENOMEM, EPROBE_DEFER } from 'linux/errno'
import { fman_port_bind, type fman_port } from './fman'

const PORTS = 2

class mac_device {
  fman_dev!: device
  ports: fman_port[] = []
}

/** Finds the device that a property of our node points to. It comes with a reference. */
function mac_find(pdev: platform_device, property: string, index: number) {
  const np = of_parse_phandle(pdev.dev.of_node!, property, index)
  if (!np) return null
  const found = of_find_device_by_node(np)
  of_node_put(np)
  return found
}

function mac_get_port(mac: mac_device, pdev: platform_device, index: number) {
  const port_pdev = mac_find(pdev, 'fsl,fman-ports', index)
  if (!port_pdev) return -EINVAL
  const port = fman_port_bind(port_pdev.dev)
  if (!port) return -EPROBE_DEFER
  mac.ports.push(port)
  return 0
}

function mac_probe(pdev: platform_device) {
  const mac = kzalloc(mac_device, GFP_KERNEL)
  if (!mac) return -ENOMEM
  const fman_pdev = mac_find(pdev, 'fsl,fman', 0)
  let ret = -EPROBE_DEFER
  if (!fman_pdev) {
    kfree(mac)
    return ret
  }
  mac.fman_dev = fman_pdev.dev
  for (let i = 0; i < PORTS; i++) {
    ret = mac_get_port(mac, pdev, i)
    if (ret) {
      kfree(mac)
      return ret
    }
  }
  platform_set_drvdata(pdev, mac)
  dev_info(pdev.dev, 'FMan MAC with %d ports\n', mac.ports.length)
  return 0
}

function mac_remove(pdev: platform_device) {
  const mac = platform_get_drvdata<mac_device>(pdev)
  // the references on the frame manager and on its ports stay behind
  kfree(mac)
}

module_platform_driver({ driver: { name: 'fsl-dpaa-mac' }, probe: mac_probe, remove: mac_remove })
