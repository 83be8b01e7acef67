import { expect, test } from 'vitest'
import { labOf, runLab } from '../../sim/lab/lab-kit'

const DRIVER = `
import { module_pci_driver, PCI_DEVICE, pci_set_drvdata, pci_get_drvdata, pcim_enable_device,
  pcim_iomap_region, pci_set_master, pci_alloc_irq_vectors, pci_irq_vector, pci_free_irq_vectors,
  PCI_IRQ_ALL_TYPES, PCI_ERS_RESULT_NEED_RESET, PCI_ERS_RESULT_RECOVERED, pci_restore_state,
  type pci_dev } from 'linux/pci'
import { request_irq, free_irq, IRQ_HANDLED, IRQ_NONE } from 'linux/interrupt'
import { kzalloc, kfree, GFP_KERNEL } from 'linux/slab'
import { readl, writel, type iomem } from 'linux/io'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { ENOMEM } from 'linux/errno'

class priv { mmio: iomem = 0; irqs = 0 }

function handler(irq: number, p: priv): number {
  const status = readl(p.mmio + 0x24)
  if (status === 0 || status === 0xffffffff) return IRQ_NONE
  p.irqs++
  writel(status, p.mmio + 0x64)
  return IRQ_HANDLED
}
function probe(pdev: pci_dev): number {
  const p = kzalloc(priv, GFP_KERNEL)
  if (!p) return -ENOMEM
  let ret = pcim_enable_device(pdev)
  if (ret) { kfree(p); return ret }
  p.mmio = pcim_iomap_region(pdev, 0, 'demo')
  if (IS_ERR(p.mmio)) { kfree(p); return PTR_ERR(p.mmio) }
  pci_set_master(pdev)
  ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES)
  if (ret < 0) { kfree(p); return ret }
  ret = request_irq(pci_irq_vector(pdev, 0), handler, 0, 'demo', p)
  if (ret) { pci_free_irq_vectors(pdev); kfree(p); return ret }
  pci_set_drvdata(pdev, p)
  writel(1, p.mmio + 0x60)
  return 0
}
function remove(pdev: pci_dev): void {
  const p = pci_get_drvdata<priv>(pdev)
  free_irq(pci_irq_vector(pdev, 0), p)
  pci_free_irq_vectors(pdev)
  kfree(p)
}
const err_handler = {
  error_detected: () => PCI_ERS_RESULT_NEED_RESET,
  slot_reset: (pdev: pci_dev) => (pci_restore_state(pdev), PCI_ERS_RESULT_RECOVERED),
  resume: () => {},
}
module_pci_driver({ name: 'demo', id_table: [PCI_DEVICE(0x1234, 0x11e8)], probe, remove, err_handler })
`

const FILES = {
  'machine.ts': `import { machine } from 'klab/machine'
export default machine({ pci: [
  { slot: '01:00.0', model: 'edu' }, { slot: '01:00.1', model: 'edu' },
  { slot: '02:00.0', bridge: 3 }, { slot: '03:00.0', model: 'edu' },
] })`,
  'user.ts': `import { open, write, close, O_WRONLY } from 'user/libc'
export function poke(path: string, text: string): number {
  const fd = open(path, O_WRONLY)
  if (fd >= 0) { write(fd, text); close(fd) }
  return 0
}`,
  'scenario.ts': `import { insmod, rmmod, spawn, wait, surprise_remove, plug, unplug, pci_error, echo } from 'klab/scenario'
import { poke } from './user'
export default function () {
  insmod('driver')
  const all = [
    spawn(poke, '/sys/bus/pci/devices/0000:02:00.0/remove', '1'),
    spawn(poke, '/sys/bus/pci/rescan', '1'),
    spawn(poke, '/sys/bus/pci/devices/0000:01:00.0/reset', '1'),
    spawn(poke, '/sys/bus/pci/drivers/demo/unbind', '0000:01:00.1'),
    spawn(poke, '/sys/bus/pci/devices/0000:03:00.0/remove', '1'),
  ]
  surprise_remove('02:00.0')
  pci_error('01:00.0', 'fatal')
  plug('02:00.0')
  unplug('01:00.0')
  plug('01:00.0')
  for (const p of all) wait(p)
  echo('/sys/bus/pci/rescan', '1')
  rmmod('driver')
}`,
}

test('removing, tearing out, resetting and rescanning go together in every order tried', () => {
  const lab = labOf(DRIVER, FILES)
  for (let seed = 0; seed < 24; seed++) {
    const strategy = seed % 2 ? 'random' : 'pct'
    const { findings, result } = runLab(lab, { strategy, seed })
    const found = findings.map((f) => f.report.join('\n'))
    expect({ seed, result, found }).toEqual({ seed, result: 'finished', found: [] })
  }
})
