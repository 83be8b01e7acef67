import { DMA_BIT_MASK, dma_set_mask_and_coherent } from 'linux/dma-mapping'
import { msleep, usleep_range } from 'linux/delay'
import { readq, writeq, type iomem } from 'linux/io'
import { PCI_DEVICE, pci_driver, pci_enable_device_mem, pci_iomap, pci_set_master, type pci_dev, type pci_device_id } from 'linux/pci'

/** A driver's common parts for the edu device. */
export const EDU_SRC = 0x80
export const EDU_DST = 0x88
export const EDU_CNT = 0x90
export const EDU_CMD = 0x98
export const EDU_BUF = 0x40000

export const edu = { mmio: 0 as iomem }

/** 1 if the engine reported the end in time. */
export function edu_dma(src: number, dst: number, cnt: number, to_ram: number) {
  let n = 0
  writeq(src, edu.mmio + EDU_SRC)
  writeq(dst, edu.mmio + EDU_DST)
  writeq(cnt, edu.mmio + EDU_CNT)
  writeq(1 | (to_ram ? 2 : 0), edu.mmio + EDU_CMD)
  while (readq(edu.mmio + EDU_CMD) & 1 && n++ < 1000) usleep_range(1000, 2000)
  msleep(50)
  return n < 1000
}

export function edu_enable(p: pci_dev) {
  const r = pci_enable_device_mem(p)
  if (r) return r
  edu.mmio = pci_iomap(p, 0, 0)
  pci_set_master(p)
  return dma_set_mask_and_coherent(p.dev, DMA_BIT_MASK(28))
}

const edu_ids = [PCI_DEVICE(0x1234, 0x11e8)]

export function EDU_DRIVER(
  probe: (p: pci_dev, id: pci_device_id) => number,
  remove: (p: pci_dev) => void,
) {
  return new pci_driver({ name: 'klabedu', id_table: edu_ids, probe, remove })
}
