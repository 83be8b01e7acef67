import { module_platform_driver, platform_get_drvdata, platform_set_drvdata, type platform_device } from 'linux/platform_device'
import { of_platform_device_create, of_platform_device_destroy } from 'linux/of_platform'
import { for_each_child_of_node, of_node_put } from 'linux/of'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { dev_get_drvdata, dev_set_drvdata, type device } from 'linux/device'
import { EXPORT_SYMBOL_GPL } from 'linux/module'
import { ENODEV, ENOMEM } from 'linux/errno'

/** The frame manager: it has ports, each with a device of its own. */

export class fman_port {
  dev!: device
}

class fman {
  ports: platform_device[] = []
}

/** The port behind a device, or null before the frame manager has got that far. */
export function fman_port_bind(dev: device) {
  return dev_get_drvdata<fman_port | null>(dev)
}

function fman_add_port(fm: fman, pdev: platform_device) {
  const port = kzalloc(fman_port, GFP_KERNEL)
  if (!port) return -ENOMEM
  port.dev = pdev.dev
  dev_set_drvdata(pdev.dev, port)
  fm.ports.push(pdev)
  return 0
}

function fman_remove_ports(fm: fman) {
  for (const pdev of fm.ports) {
    kfree(dev_get_drvdata<fman_port>(pdev.dev))
    of_platform_device_destroy(pdev.dev, null)
  }
  kfree(fm)
}

function fman_probe(pdev: platform_device) {
  let ret = 0
  const fm = kzalloc(fman, GFP_KERNEL)
  if (!fm) return -ENOMEM
  for (const node of for_each_child_of_node(pdev.dev.of_node!)) {
    const child = of_platform_device_create(node, `fman-port.${fm.ports.length}`, pdev.dev)
    ret = child ? fman_add_port(fm, child) : -ENODEV
    if (child && ret) of_platform_device_destroy(child.dev, null)
    if (ret) {
      of_node_put(node)
      fman_remove_ports(fm)
      return ret
    }
  }
  platform_set_drvdata(pdev, fm)
  return 0
}

function fman_remove(pdev: platform_device) {
  fman_remove_ports(platform_get_drvdata<fman>(pdev))
}

EXPORT_SYMBOL_GPL(fman_port_bind)

module_platform_driver({ driver: { name: 'fsl-fman' }, probe: fman_probe, remove: fman_remove })
