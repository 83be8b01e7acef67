import { expect, it } from 'vitest'
import { labOf, runLab } from './lab-kit'

it('DM-16 what probe() wrote under the device lock is known to a later probe()', () => {
  const lab = labOf(
    `
import { platform_device_register_simple, platform_device_unregister, platform_driver_register, platform_driver_unregister } from 'linux/platform_device'
import { module_exit, module_init } from 'linux/module'
const state = { probes: 0 }
function probe() {
  if (state.probes < 5) state.probes++
  return -19
}
const driver = { driver: { name: 'demo' }, probe }
const pdev = platform_device_register_simple('demo', -1, null, 0)
module_init(() => platform_driver_register(driver))
module_exit(() => {
  platform_driver_unregister(driver)
  platform_device_unregister(pdev)
})
`,
    {
      'scenario.ts': `
import { insmod, rmmod, spawn, wait } from 'klab/scenario'
import { usleep, write_file } from 'user/libc'
function bind(after: number) {
  usleep(after)
  write_file('/sys/bus/platform/drivers/demo/bind', 'demo')
}
export default function () {
  insmod('driver')
  const one = spawn(bind, 2000)
  const other = spawn(bind, 8000)
  wait(one)
  wait(other)
  rmmod('driver')
}
`,
    },
  )
  expect(runLab(lab, { kcsan: true }).findings.map((f) => f.report.join('\n'))).toEqual([])
})
