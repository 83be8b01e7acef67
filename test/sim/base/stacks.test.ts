import { expect, test } from 'vitest'
import { labOf, runLab } from '../lab/lab-kit'

/** Backtraces through the driver core read as they do on Linux. */

const DRIVER = `
import { platform_driver_register, platform_driver_unregister, platform_device_register_simple, platform_device_unregister, type platform_device } from 'linux/platform_device'
import { devm_add_action, device_create_file, DEVICE_ATTR_WO, type device } from 'linux/device'
import { module_init, module_exit } from 'linux/module'
import { dump_stack, pr_info } from 'linux/printk'
const say = (what: string) => { pr_info('KLAB %s\\n', what); dump_stack() }
let pdev: platform_device
const knob_store = (dev: device, attr: unknown, buf: string, count: number) => { say('store'); return count }
const attr = DEVICE_ATTR_WO('knob', knob_store)
function demo_action() { say('action') }
function demo_probe(p: platform_device) { say('probe'); devm_add_action(p.dev, demo_action, null); device_create_file(p.dev, attr); return 0 }
function demo_remove(p: platform_device) { say('remove') }
const drv = { driver: { name: 'demo' }, probe: demo_probe, remove: demo_remove }
module_init(function demo_init() { pdev = platform_device_register_simple('demo', -1, null, 0); return platform_driver_register(drv) })
module_exit(function demo_exit() { platform_driver_unregister(drv); platform_device_unregister(pdev) })
`
const SCENARIO = `
import { insmod, rmmod, echo } from 'klab/scenario'
export default function () {
  insmod('driver')
  echo('/sys/devices/platform/demo/knob', '1')
  echo('/sys/bus/platform/drivers/demo/unbind', 'demo')
  echo('/sys/bus/platform/drivers/demo/bind', 'demo')
  rmmod('driver')
}
`

/** The functions on the stack of each \`say\`, innermost first, without the helper itself. */
function stacks(): Record<string, string[]> {
  const { dmesg } = runLab(labOf(DRIVER, { 'scenario.ts': SCENARIO }))
  const found: Record<string, string[]> = {}
  let at: string[] = []
  for (const raw of dmesg) {
    const line = raw.slice(raw.indexOf('] ') + 2)
    const what = /^KLAB (\w+)/.exec(line)?.[1]
    if (what) found[what + (what in found ? ' again' : '')] = at = []
    else if (line.startsWith(' ')) at.push(line.trim().replace(/\+0x.*/, ''))
  }
  return Object.fromEntries(Object.entries(found).map(([k, v]) => [k, v.slice(1)]))
}

const through = (frames: string[] | undefined, last: string): string[] =>
  frames!.slice(0, frames!.indexOf(last) + 1)

test('probe, remove, managed resources and attributes are reached through Linux\' functions', () => {
  const s = stacks()
  expect(through(s.probe, 'do_init_module')).toEqual([
    'demo_probe', 'platform_probe', 'really_probe', '__driver_probe_device',
    'driver_probe_device', '__driver_attach', 'bus_for_each_dev', 'driver_attach',
    'bus_add_driver', 'driver_register', 'platform_driver_register', 'demo_init',
    'do_one_initcall', 'do_init_module',
  ])
  expect(through(s.store, 'sysfs_kf_write')).toEqual([
    'knob_store', 'dev_attr_store', 'sysfs_kf_write',
  ])
  const unbind = [
    'device_release_driver_internal', 'device_driver_detach', 'unbind_store', 'drv_attr_store',
    'sysfs_kf_write',
  ]
  expect(through(s.remove, 'sysfs_kf_write')).toEqual([
    'demo_remove', 'platform_remove', 'device_remove', ...unbind,
  ])
  expect(through(s.action, 'sysfs_kf_write')).toEqual([
    'demo_action', 'devm_action_release', 'release_nodes', 'devres_release_all',
    'device_unbind_cleanup', ...unbind,
  ])
  expect(through(s['probe again'], 'bind_store')).toEqual([
    'demo_probe', 'platform_probe', 'really_probe', '__driver_probe_device',
    'device_driver_attach', 'bind_store',
  ])
  expect(through(s['remove again'], 'demo_exit')).toEqual([
    'demo_remove', 'platform_remove', 'device_remove', 'device_release_driver_internal',
    'driver_detach', 'bus_remove_driver', 'driver_unregister', 'platform_driver_unregister',
    'demo_exit',
  ])
})
