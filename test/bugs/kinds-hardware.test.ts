import { describe, expect, it } from 'vitest'
import type { LabSource } from '../../src-sim/protocol'
import { labOf, runLab } from '../sim/lab/lab-kit'

/** A device that writes eight bytes to whatever address it is told, or reads them. */
const model = `
import { device_model } from 'klab/hardware'
export class writer extends device_model {
  vendorId = 0x1af4
  deviceId = 0x0001
  name = 'writer'
  write(bar: number, offset: number, size: number, value: number) {
    if (!value) return
    if (offset === 0) this.after(1000, 'write', () => this.dma_write(value, new Uint8Array(8)))
    else this.after(1000, 'read', () => this.dma_read(value, 8))
  }
}`

const board = `
import { machine } from 'klab/machine'
import { writer } from './hardware/writer'
export default machine({ cpus: 1, iommu: 'none', pci: [{ slot: '01:00.0', model: writer }] })`

const driver = (act: string): string => `
import { module_pci_driver, pci_disable_device, pci_enable_device, pci_get_drvdata, pci_iomap, pci_iounmap, pci_set_drvdata, pci_set_master, PCI_DEVICE, type pci_dev } from 'linux/pci'
import { dma_alloc_coherent, dma_free_coherent } from 'linux/dma-mapping'
import { GFP_KERNEL } from 'linux/slab'
import { msleep } from 'linux/delay'
import { writel, type iomem } from 'linux/io'
import { ptr, type dma_addr_t } from 'linux/types'
class state { constructor(public mmio: iomem, public cpu: Uint8Array, public dma: dma_addr_t) {} }
function probe(pdev: pci_dev) {
  pci_enable_device(pdev)
  pci_set_master(pdev)
  const dma = ptr<dma_addr_t>()
  const cpu = dma_alloc_coherent(pdev.dev, 4096, dma, GFP_KERNEL)!
  const s = new state(pci_iomap(pdev, 0, 0)!, cpu, dma.value)
  pci_set_drvdata(pdev, s)
  ${act}
  msleep(10)
  return 0
}
function remove(pdev: pci_dev) {
  const s = pci_get_drvdata<state>(pdev)
  pci_iounmap(pdev, s.mmio)
  dma_free_coherent(pdev.dev, 4096, s.cpu, s.dma)
  pci_disable_device(pdev)
}
module_pci_driver({ name: 'writer', id_table: [PCI_DEVICE(0x1af4, 1)], probe, remove })`

const lab = (act: string): LabSource =>
  labOf(driver(act), { 'machine.ts': board, 'hardware/writer.ts': model })

describe('dma.stray', () => {
  it('a device that writes where it was given nothing is found', () => {
    const { findings } = runLab(lab('writel(0x500000, s.mmio)'))
    expect(findings.map((f) => f.kind)).toContain('dma.stray')
  })
  it('is not in its twin', () => {
    expect(runLab(lab('writel(s.dma, s.mmio)')).findings.map((f) => f.report.join('\n'))).toEqual([])
  })
})

describe('sleep.in-atomic-code', () => {
  const accessor = (body: string): LabSource =>
    labOf(`
import { msleep } from 'linux/delay'
import { module_exit, module_init } from 'linux/module'
class box { get n() { ${body}; return 1 } }
module_init(() => new box().n - 1)
module_exit(() => {})`)

  it('an accessor that sleeps is found', () => {
    const { findings } = runLab(accessor('msleep(1)'))
    expect(findings.map((f) => f.kind)).toContain('sleep.in-atomic-code')
  })
  it('is not in its twin', () => {
    expect(runLab(accessor('')).findings.map((f) => f.report.join('\n'))).toEqual([])
  })
})

describe('dma.read-after-free', () => {
  const reading = (waits: string): string => `
    const at = ptr<dma_addr_t>()
    const buffer = dma_alloc_coherent(pdev.dev, 64, at, GFP_KERNEL)!
    writel(at.value, s.mmio + 4)
    ${waits}
    dma_free_coherent(pdev.dev, 64, buffer, at.value)`

  it('a device that reads what was freed meanwhile is found', () => {
    const { findings } = runLab(lab(reading('')))
    expect(findings.map((f) => f.kind)).toContain('dma.read-after-free')
  })
  it('is not in its twin, which waits for the device', () => {
    expect(runLab(lab(reading('msleep(10)'))).findings.map((f) => f.report.join('\n'))).toEqual([])
  })
})
