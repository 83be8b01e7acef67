import { expect, test } from 'vitest'
import { makeStrategy } from '../../../src-sim/engine/strategies'
import { scheduleRunner } from '../../../src-sim/lab/explore'
import { compile, labOf, sandbox } from '../../sim/lab/lab-kit'

/** A card with memory in both lifetimes, and for each open file. */
const DRIVER = `
import { devm_kzalloc } from 'linux/device'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { msleep } from 'linux/delay'
import { ENODEV, ENOMEM } from 'linux/errno'
import { container_of } from 'linux/container_of'
import { module_pci_driver, pci_get_drvdata, pci_set_drvdata, PCI_DEVICE, type pci_dev } from 'linux/pci'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { ptr } from 'linux/types'
import { drm_device } from 'drm/drm_device'
import { devm_drm_dev_alloc, drm_dev_enter, drm_dev_exit, drm_dev_register, drm_dev_unplug } from 'drm/drm_drv'
import { type drm_file } from 'drm/drm_file'
import { DEFINE_DRM_GEM_FOPS } from 'drm/drm_gem'
import { DRM_IOCTL_DEF_DRV } from 'drm/drm_ioctl'
import { drmm_kzalloc } from 'drm/drm_managed'
class thing { n = 0 }
class card { drm = new drm_device(); seen: thing | null = null; hw: thing | null = null }
function ping(drm: drm_device, data: object, file: drm_file) {
  const c = container_of(drm, card, 'drm')
  const idx = ptr<number>()
  file.driver_priv.n++
  c.seen!.n++
  if (!drm_dev_enter(drm, idx)) return -ENODEV
  c.hw!.n++
  msleep(1)
  c.hw!.n++
  drm_dev_exit(idx.value)
  return 0
}
const fops = DEFINE_DRM_GEM_FOPS('fops')
const driver = {
  name: 'demo', fops, ioctls: [DRM_IOCTL_DEF_DRV(0, ping, 0)], num_ioctls: 1,
  open: (drm: drm_device, file: drm_file) => {
    file.driver_priv = kzalloc(thing, GFP_KERNEL)
    return file.driver_priv ? 0 : -ENOMEM
  },
  postclose: (drm: drm_device, file: drm_file) => {
    container_of(drm, card, 'drm').seen!.n++
    kfree(file.driver_priv)
  },
}
function probe(pdev: pci_dev) {
  const c = devm_drm_dev_alloc(pdev.dev, driver, card, 'drm')
  if (IS_ERR(c)) return PTR_ERR(c)
  c.seen = drmm_kzalloc(c.drm, thing, GFP_KERNEL)
  c.hw = devm_kzalloc(pdev.dev, thing, GFP_KERNEL)
  if (!c.seen || !c.hw) return -ENOMEM
  pci_set_drvdata(pdev, c)
  return drm_dev_register(c.drm, 0)
}
function remove(pdev: pci_dev) {
  drm_dev_unplug(pci_get_drvdata<card>(pdev).drm)
}
module_pci_driver({ name: 'demo', id_table: [PCI_DEVICE(0x1234, 0x11e8)], probe, remove })
`
const scenario = (steps: string): string => `
import { echo, insmod, plug, rmmod, spawn, surprise_remove, unplug, wait } from 'klab/scenario'
import { close, ioctl, open, O_RDWR } from 'user/libc'
import { DRM_COMMAND_BASE, DRM_IO } from 'drm/drm_ioctl'
function client() {
  const fd = open('/dev/dri/card0', O_RDWR)
  if (fd < 0) return 1
  ioctl(fd, DRM_IO(DRM_COMMAND_BASE), {})
  ioctl(fd, DRM_IO(DRM_COMMAND_BASE), {})
  close(fd)
  return 0
}
export default function () {
  insmod('driver')
  const both = [spawn(client), spawn(client)]
  ${steps}
  for (const process of both) wait(process)
  rmmod('driver')
}`

const SCHEDULES = 40

test.each([
  ['unbinding', "echo('/sys/bus/pci/drivers/demo/unbind', '0000:01:00.0')"],
  ['surprise removal', "surprise_remove('01:00.0')"],
  ['unplugging and plugging in', "unplug('01:00.0'); plug('01:00.0')"],
  ['unloading', "rmmod('driver')"],
])('%s races with opens, calls and closes, and nothing is used too late, freed twice or lost', (_, steps) => {
  const lab = labOf(DRIVER, { 'scenario.ts': scenario(steps) })
  const run = scheduleRunner(compile(lab), sandbox(), {})
  for (let seed = 0; seed < SCHEDULES; seed++) {
    const name = seed % 2 === 0 ? 'pos' : 'random'
    const { findings, stop } = run(makeStrategy(name, { seed, preemptions: 2, choices: [] }), false)
    expect(findings.map((f) => f.report.join('\n')), `seed ${seed}`).toEqual([])
    expect(stop).toBe('finished')
  }
})
