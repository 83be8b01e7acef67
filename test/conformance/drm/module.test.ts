import { expect, test } from 'vitest'
import { makeStrategy } from '../../../src-sim/engine/strategies'
import { scheduleRunner } from '../../../src-sim/lab/explore'
import { compile, labOf, runLab, sandbox } from '../../sim/lab/lab-kit'

/** A driver as the kernel's own documentation writes one: a platform device, devres and drmm. */
const DRIVER = `
import { module_exit, module_init } from 'linux/module'
import { platform_device_register_simple, platform_device_unregister, platform_driver_register, platform_driver_unregister, platform_get_drvdata, platform_set_drvdata, type platform_device } from 'linux/platform_device'
import { devm_kzalloc } from 'linux/device'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { ENODEV, ENOMEM } from 'linux/errno'
import { GFP_KERNEL } from 'linux/slab'
import { ptr } from 'linux/types'
import { container_of } from 'linux/container_of'
import { drm_device } from 'drm/drm_device'
import { devm_drm_dev_alloc, drm_dev_enter, drm_dev_exit, drm_dev_register, drm_dev_unplug } from 'drm/drm_drv'
import { DEFINE_DRM_GEM_FOPS } from 'drm/drm_gem'
import { DRM_IOCTL_DEF_DRV } from 'drm/drm_ioctl'
import { drmm_kzalloc } from 'drm/drm_managed'
class half { n = 0 }
class demo { drm = new drm_device(); seen: half | null = null; hw: half | null = null }
function demo_ping(drm: drm_device, data: { guarded: boolean }) {
  const d = container_of(drm, demo, 'drm')
  d.seen!.n++
  const idx = ptr<number>()
  if (!data.guarded) return d.hw!.n
  if (!drm_dev_enter(drm, idx)) return -ENODEV
  const n = d.hw!.n
  drm_dev_exit(idx.value)
  return n
}
const fops = DEFINE_DRM_GEM_FOPS('demo_fops')
const drm_driver = { name: 'demo', fops, ioctls: [DRM_IOCTL_DEF_DRV(0, demo_ping, 0)], num_ioctls: 1 }
function demo_probe(pdev: platform_device) {
  const d = devm_drm_dev_alloc(pdev.dev, drm_driver, demo, 'drm')
  if (IS_ERR(d)) return PTR_ERR(d)
  d.seen = drmm_kzalloc(d.drm, half, GFP_KERNEL)
  d.hw = devm_kzalloc(pdev.dev, half, GFP_KERNEL)
  if (!d.seen || !d.hw) return -ENOMEM
  platform_set_drvdata(pdev, d)
  return drm_dev_register(d.drm, 0)
}
function demo_remove(pdev: platform_device) {
  const d = platform_get_drvdata<demo>(pdev)
  drm_dev_unplug(d.drm)
}
const driver = { driver: { name: 'gpu' }, probe: demo_probe, remove: demo_remove }
let pdev: platform_device
module_init(() => {
  const ret = platform_driver_register(driver)
  if (ret) return ret
  pdev = platform_device_register_simple('gpu', -1, null, 0)
  return 0
})
module_exit(() => { platform_device_unregister(pdev); platform_driver_unregister(driver) })
`
const scenario = (guarded: boolean): string => `
import { echo, insmod, rmmod, spawn, wait } from 'klab/scenario'
import { close, errno, ioctl, open, O_RDWR } from 'user/libc'
import { pr_info } from 'linux/printk'
import { DRM_COMMAND_BASE, DRM_IO } from 'drm/drm_ioctl'
function client() {
  const fd = open('/dev/dri/card0', O_RDWR)
  const ping = () => ioctl(fd, DRM_IO(DRM_COMMAND_BASE), { guarded: ${guarded} })
  pr_info('say %d\\n', ping())
  pr_info('say rmmod %d\\n', rmmod('driver'))
  echo('/sys/bus/platform/drivers/gpu/unbind', 'gpu')
  pr_info('say %d %d\\n', ping(), errno())
  close(fd)
  return 0
}
export default function () {
  insmod('driver')
  wait(spawn(client))
  pr_info('say rmmod %d\\n', rmmod('driver'))
}`

const run = (guarded: boolean) => runLab(labOf(DRIVER, { 'scenario.ts': scenario(guarded) }))

test('DM-85, DM-86: what programs see lives until the close; an open file pins the driver', () => {
  const { dmesg, findings } = run(true)
  expect(findings).toEqual([])
  const said = dmesg.filter((line) => line.includes('say')).map((line) => line.replace(/.*say /, ''))
  expect(said).toEqual(['0', 'rmmod -11', '-1 19', 'rmmod 0'])
})

test('DM-85: drm_ioctl keeps late callers out even of drivers that guard nothing', () => {
  expect(run(false).findings).toEqual([])
})

/** A program calls while the driver is unbound. */
const racing = (guarded: boolean): string => `
import { echo, insmod, rmmod, spawn, wait } from 'klab/scenario'
import { close, ioctl, open, O_RDWR } from 'user/libc'
import { DRM_COMMAND_BASE, DRM_IO } from 'drm/drm_ioctl'
function client() {
  const fd = open('/dev/dri/card0', O_RDWR)
  for (let i = 0; i < 3; i++) ioctl(fd, DRM_IO(DRM_COMMAND_BASE), { guarded: ${guarded} })
  close(fd)
  return 0
}
export default function () {
  insmod('driver')
  const process = spawn(client)
  echo('/sys/bus/platform/drivers/gpu/unbind', 'gpu')
  wait(process)
  rmmod('driver')
}`

/** Kinds of what the first hundred schedules find. */
function kindsOf(guarded: boolean): Set<string> {
  const program = compile(labOf(DRIVER, { 'scenario.ts': racing(guarded) }))
  const schedule = scheduleRunner(program, sandbox(), {})
  const kinds = new Set<string>()
  for (let seed = 0; seed < 100; seed++) {
    const strategy = makeStrategy('pos', { seed, preemptions: 2, choices: [] })
    for (const { kind } of schedule(strategy, false).findings) kinds.add(kind)
  }
  return kinds
}

test('DM-85: a call that is past the look at the mark needs a section around the hardware', () => {
  expect(kindsOf(false)).toContain('kasan.use-after-free')
  expect([...kindsOf(true)]).toEqual([])
})
