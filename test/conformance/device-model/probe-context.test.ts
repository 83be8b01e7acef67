import { expect, test } from 'vitest'
import { labOf, runLab } from '../../sim/lab/lab-kit'

const DRIVER = `
import { module_pci_driver, type pci_dev, type pci_device_id } from 'linux/pci'
import { current } from 'linux/sched'
import { device_trylock, device_unlock } from 'linux/device'
import { pr_info } from 'linux/printk'
function demo_probe(pdev: pci_dev, id: pci_device_id) {
  pr_info('KLAB probe in %s pid=%d lock=%d\\n', current.comm, current.pid, device_trylock(pdev.dev))
  return 0
}
function demo_remove(pdev: pci_dev) {
  pr_info('KLAB remove in %s\\n', current.comm)
}
module_pci_driver({ name: 'demo', id_table: [{ vendor: 0x1234, device: 0x11e8 }], probe: demo_probe, remove: demo_remove })
`

test('DM-109: a device that belongs to no memory node is probed by the task that registers', () => {
  const { dmesg } = runLab(labOf(DRIVER))
  expect(dmesg.filter((l) => l.includes('KLAB')).map((l) => l.replace(/.*KLAB /, ''))).toEqual([
    'probe in insmod pid=1 lock=0', 'remove in rmmod',
  ])
})

test('DM-109: a deferred one is probed by a worker', () => {
  const driver = DRIVER.replace('return 0', 'return tries++ ? 0 : -517') + 'let tries = 0\n'
  const other = `
import { platform_device_register_simple, platform_device_unregister, platform_driver_register, platform_driver_unregister, type platform_device } from 'linux/platform_device'
import { module_init, module_exit } from 'linux/module'
const drv = { driver: { name: 'other' }, probe: () => 0 }
let pdev: platform_device
module_init(function other_init() {
  platform_driver_register(drv)
  pdev = platform_device_register_simple('other', -1, null, 0)
  return 0
})
module_exit(function other_exit() {
  platform_device_unregister(pdev)
  platform_driver_unregister(drv)
})
`
  const { dmesg } = runLab({
    id: 'test',
    files: {
      'lab.json': JSON.stringify({
        title: 'test',
        modules: [{ name: 'driver', entry: 'driver.ts' }, { name: 'other', entry: 'other.ts' }],
      }),
      'driver.ts': driver,
      'other.ts': other,
    },
  })
  const probes = dmesg.filter((l) => l.includes('KLAB probe')).map((l) => l.replace(/.*in /, ''))
  expect(probes[0]).toBe('insmod pid=1 lock=0')
  expect(probes[1]).toMatch(/^kworker\/\S+ pid=\d+ lock=0$/)
})
