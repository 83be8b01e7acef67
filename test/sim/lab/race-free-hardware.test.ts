import { describe, expect, it } from 'vitest'
import { makeStrategy } from '../../../src-sim/engine/strategies'
import { seedOf } from '../../../src-sim/explorer/explore'
import { scheduleRunner } from '../../../src-sim/lab/explore'
import type { LabSource } from '../../../src-sim/protocol'
import { compile, labOf, runLab, sandbox } from './lab-kit'

function reportsOf(lab: LabSource): string[] {
  const reports = runLab(lab, { kcsan: true }).findings.map((f) => f.report.join('\n'))
  const run = scheduleRunner(compile(lab), sandbox(), { kcsan: true })
  for (let i = 0; i < 8; i++) {
    const strategy = makeStrategy('random', { seed: seedOf(6, i), preemptions: 2, choices: [] })
    reports.push(...run(strategy, false).findings.map((f) => f.report.join('\n')))
  }
  return reports
}

/** A driver of the edu device whose handler has a thread; `remove` is how it begins to end. */
const interrupting = (remove: string) =>
  labOf(
    `
import { free_irq, disable_irq, enable_irq, synchronize_irq, IRQ_HANDLED, IRQ_WAKE_THREAD, request_threaded_irq } from 'linux/interrupt'
import { module_pci_driver, pci_alloc_irq_vectors, pci_enable_device, pci_disable_device, pci_free_irq_vectors, pci_iomap, pci_iounmap, pci_irq_vector, pci_set_drvdata, pci_get_drvdata, pci_set_master, PCI_DEVICE, PCI_IRQ_ALL_TYPES, type pci_dev } from 'linux/pci'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { pr_info } from 'linux/printk'
import { readl, writel, type iomem } from 'linux/io'
class priv { mmio!: iomem; irq = 0; hard = 0; soft = 0 }
const use = (p: priv) => { if (p.hard + p.soft > 99) pr_info('many') }
function handler(irq: number, p: priv) {
  writel(readl(p.mmio + 0x24), p.mmio + 0x64)
  p.hard++
  return IRQ_WAKE_THREAD
}
function thread(irq: number, p: priv) {
  p.soft++
  if (p.soft < 5) writel(1, p.mmio + 0x60)
  return IRQ_HANDLED
}
function probe(pdev: pci_dev) {
  pci_enable_device(pdev)
  const p = kzalloc(priv, GFP_KERNEL)!
  p.mmio = pci_iomap(pdev, 0, 0)
  pci_set_master(pdev)
  pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES)
  p.irq = pci_irq_vector(pdev, 0)
  p.hard = 1
  request_threaded_irq(p.irq, handler, thread, 0, 'demo', p)
  pci_set_drvdata(pdev, p)
  writel(1, p.mmio + 0x60)
  return 0
}
function remove(pdev: pci_dev) {
  const p = pci_get_drvdata<priv>(pdev)
  ${remove}
  pci_free_irq_vectors(pdev)
  pci_iounmap(pdev, p.mmio)
  kfree(p)
  pci_disable_device(pdev)
}
module_pci_driver({ name: 'demo', id_table: [PCI_DEVICE(0x1234, 0x11e8)], probe, remove })
`,
    {
      'scenario.ts': `
import { insmod, msleep, rmmod } from 'klab/scenario'
export default function () {
  insmod('driver')
  msleep(3)
  rmmod('driver')
}
`,
    },
  )

const opened = labOf(
  `
import { misc_deregister, misc_init, misc_register, miscdevice } from 'linux/miscdevice'
import { module_exit, module_init, THIS_MODULE } from 'linux/module'
import { type file, type inode } from 'linux/fs'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
class user { calls = 0; last = 0 }
let opens = 0
function open(inode: inode, file: file) {
  const u = kzalloc(user, GFP_KERNEL)!
  u.last = ++opens
  file.private_data = u
  return 0
}
function ioctl(file: file) {
  (file.private_data as user).calls++
  return 0
}
function release(inode: inode, file: file) {
  const u = file.private_data as user
  opens -= u.calls > 0 ? 1 : 2
  kfree(u)
  return 0
}
const misc = misc_init(new miscdevice(), { name: 'demo', fops: { owner: THIS_MODULE, open, release, unlocked_ioctl: ioctl } })
module_init(() => misc_register(misc))
module_exit(() => misc_deregister(misc))
`,
  {
    'scenario.ts': `
import { insmod, rmmod, spawn, wait } from 'klab/scenario'
import { close, ioctl, open, pthread_create, usleep } from 'user/libc'
function other(fd: number) { usleep(1000); ioctl(fd, 1, 0) }
function client() {
  const fd = open('/dev/demo', 2)
  pthread_create(other, fd)
  usleep(3000)
  close(fd)
}
export default function () {
  insmod('driver')
  wait(spawn(client))
  rmmod('driver')
}
`,
  },
)

describe('the checker for data races is silent about', () => {
  it.each(['free_irq(p.irq, p); use(p)', 'disable_irq(p.irq); use(p); enable_irq(p.irq); free_irq(p.irq, p)'])(
    'an interrupt after %s',
    (remove) => {
      expect(reportsOf(interrupting(remove))).toEqual([])
    },
  )

  it('the last reference to an open file', () => {
    expect(reportsOf(opened)).toEqual([])
  })
})

it('reports a handler that may still run', () => {
  const reports = reportsOf(interrupting('use(p); free_irq(p.irq, p)'))
  expect(reports.join('\n')).toContain('KCSAN: data-race in ')
})
