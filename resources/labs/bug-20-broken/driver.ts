import { module_pci_driver, pci_get_drvdata, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { dma_sync_single_for_cpu, dma_sync_single_for_device, dma_unmap_page, DMA_FROM_DEVICE } from 'linux/dma-mapping'
import { page_pool, page_pool_alloc, page_pool_destroy, page_pool_recycle, type pool_page } from './page_pool'
import { ring_add, ring_engine, ring_init, ring_kick, ring_stop, ring_wait } from './engine'
import { GFP_KERNEL } from 'linux/slab'
import { devm_kzalloc } from 'linux/device'
import { ENOMEM } from 'linux/errno'
import { PAGE_SIZE } from 'linux/mm'

const PACKETS = 3

class bnxt {
  pdev!: pci_dev
  engine = new ring_engine()
  pool = new page_pool()
  redirected = 0
}

/** Receives a packet into a page of the pool. */
function bnxt_rx(bp: bnxt) {
  const p = page_pool_alloc(bp.pool)
  if (!p) return -ENOMEM
  dma_sync_single_for_device(bp.pdev.dev, p.addr, PAGE_SIZE, DMA_FROM_DEVICE)
  const index = ring_add(bp.engine, p.addr, 256, 0)
  ring_kick(bp.engine)
  ring_wait(bp.engine, index)
  dma_sync_single_for_cpu(bp.pdev.dev, p.addr, PAGE_SIZE, DMA_FROM_DEVICE)
  bnxt_xdp_redirect(bp, p)
  return 0
}

/** The packet goes to another interface, which hands its page back to the pool when it is out. */
function bnxt_xdp_redirect(bp: bnxt, p: pool_page) {
  dma_unmap_page(bp.pdev.dev, p.addr, PAGE_SIZE, DMA_FROM_DEVICE)
  bp.redirected++
  page_pool_recycle(bp.pool, p)
}

function bnxt_probe(pdev: pci_dev, id: pci_device_id) {
  const bp = devm_kzalloc(pdev.dev, bnxt, GFP_KERNEL)
  if (!bp) return -ENOMEM
  bp.pdev = pdev
  bp.pool.dev = pdev.dev
  let ret = ring_init(bp.engine, pdev, 8)
  if (ret) return ret
  pci_set_drvdata(pdev, bp)
  for (let i = 0; i < PACKETS && !ret; i++) ret = bnxt_rx(bp)
  return 0
}

function bnxt_remove(pdev: pci_dev) {
  const bp = pci_get_drvdata<bnxt>(pdev)
  ring_stop(bp.engine, pdev)
  page_pool_destroy(bp.pool)
}

module_pci_driver({
  name: 'bnxt_en',
  id_table: [PCI_DEVICE(0x1234, 0x0d3a)],
  probe: bnxt_probe,
  remove: bnxt_remove,
})
