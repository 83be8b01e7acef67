import { DEFINE_DMA_BUF_EXPORT_INFO, dma_buf_attach, dma_buf_detach, dma_buf_dynamic_attach, dma_buf_export, dma_buf_map_attachment_unlocked, dma_buf_put, dma_buf_unmap_attachment_unlocked, type dma_buf, type dma_buf_attach_ops, type dma_buf_attachment, type dma_buf_ops } from 'linux/dma-buf'
import { dma_buf_free_sgt, dma_buf_phys_vec_to_sgt, type phys_vec } from 'linux/dma-buf-mapping'
import { DMA_BIDIRECTIONAL, dma_map_sgtable, dma_unmap_sgtable } from 'linux/dma-mapping'
import { ENODEV, ENOMEM, EOPNOTSUPP } from 'linux/errno'
import { ERR_PTR, IS_ERR, PTR_ERR } from 'linux/err'
import { __free_page, alloc_page, type page } from 'linux/gfp'
import { module_exit, module_init } from 'linux/module'
import { pci_disable_device, pci_enable_device, pci_register_driver, pci_resource_start, pci_set_master, pci_unregister_driver, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { p2pdma_provider, pcim_p2pdma_init, pcim_p2pdma_provider } from 'linux/pci-p2pdma'
import { pr_info } from 'linux/printk'
import { sg_alloc_table, sg_dma_address, sg_dma_len, sg_free_table, sg_set_page, sg_table } from 'linux/scatterlist'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'

const EXPORTER_BUS = 3
const NEAR_BUS = 4
const FAR_BUS = 5

/** A buffer in the card's BAR, or (without a provider) in a page of memory. */
class lent {
  provider: p2pdma_provider | null = null
  start = 0
  page: page | null = null
}

const lent_of = (dmabuf: dma_buf): lent => dmabuf.priv

function lent_attach(dmabuf: dma_buf, attach: dma_buf_attachment) {
  return lent_of(dmabuf).provider && !attach.peer2peer ? -EOPNOTSUPP : 0
}

function lent_map(attach: dma_buf_attachment, dir: number): sg_table | null {
  const { provider, start, page } = lent_of(attach.dmabuf!)
  if (provider) {
    const range: phys_vec = { paddr: start, len: 4096 }
    return dma_buf_phys_vec_to_sgt(attach, provider, [range], 1, 4096, dir)
  }
  const table = kzalloc(sg_table, GFP_KERNEL)
  if (!table) return ERR_PTR(-ENOMEM)
  let ret = sg_alloc_table(table, 1, GFP_KERNEL)
  if (!ret) {
    sg_set_page(table.sgl[0]!, page!, 4096, 0)
    ret = dma_map_sgtable(attach.dev!, table, dir, 0)
    if (!ret) return table
    sg_free_table(table)
  }
  kfree(table)
  return ERR_PTR(ret)
}

function lent_unmap(attach: dma_buf_attachment, table: sg_table, dir: number) {
  if (lent_of(attach.dmabuf!).provider) return dma_buf_free_sgt(attach, table, dir)
  dma_unmap_sgtable(attach.dev!, table, dir, 0)
  sg_free_table(table)
  kfree(table)
}

function lent_release(dmabuf: dma_buf) {
  const l = lent_of(dmabuf)
  if (l.page) __free_page(l.page)
  kfree(l)
}

const lent_ops: dma_buf_ops = {
  attach: lent_attach,
  map_dma_buf: lent_map,
  unmap_dma_buf: lent_unmap,
  release: lent_release,
}

function lend(pdev: pci_dev, from_bar: boolean): dma_buf {
  const l = kzalloc(lent, GFP_KERNEL)
  if (!l) return ERR_PTR(-ENOMEM)
  if (from_bar) {
    l.provider = pcim_p2pdma_provider(pdev, 0)
    l.start = pci_resource_start(pdev, 0)
  } else l.page = alloc_page(GFP_KERNEL)
  const info = DEFINE_DMA_BUF_EXPORT_INFO('info')
  info.ops = lent_ops
  info.size = 4096
  info.priv = l
  const dmabuf = l.provider || l.page ? dma_buf_export(info) : ERR_PTR<dma_buf>(-ENOMEM)
  if (IS_ERR(dmabuf)) {
    if (l.page) __free_page(l.page)
    kfree(l)
  }
  return dmabuf
}

const peer_ops: dma_buf_attach_ops = { allow_peer2peer: true, invalidate_mappings(attach: dma_buf_attachment) {} }

/** Maps the buffer for a card, and says what the card is given. */
function look(name: string, dmabuf: dma_buf, pdev: pci_dev, dynamic: boolean) {
  const attach = dynamic ? dma_buf_dynamic_attach(dmabuf, pdev.dev, peer_ops, null) : dma_buf_attach(dmabuf, pdev.dev)
  if (IS_ERR(attach)) {
    pr_info('%s: attach=%d\n', name, PTR_ERR(attach))
    return
  }
  const table = dma_buf_map_attachment_unlocked(attach, DMA_BIDIRECTIONAL)
  if (IS_ERR(table)) pr_info('%s: map=%d\n', name, PTR_ERR(table))
  else {
    const sg = table.sgl[0]!
    pr_info('%s: address=%#x length=%u\n', name, sg_dma_address(sg), sg_dma_len(sg))
    dma_buf_unmap_attachment_unlocked(attach, table, DMA_BIDIRECTIONAL)
  }
  dma_buf_detach(dmabuf, attach)
}

const cards = new Map<number, pci_dev>()

function cards_probe(pdev: pci_dev, id: pci_device_id) {
  const ret = pci_enable_device(pdev)
  if (ret) return ret
  pci_set_master(pdev)
  cards.set(pdev.bus!.number, pdev)
  return pdev.bus!.number === EXPORTER_BUS ? pcim_p2pdma_init(pdev) : 0
}

function cards_remove(pdev: pci_dev) {
  cards.delete(pdev.bus!.number)
  pci_disable_device(pdev)
}

const cards_driver = {
  name: 'cards',
  id_table: [PCI_DEVICE(0x1234, 0x11e8)],
  probe: cards_probe,
  remove: cards_remove,
}

function compare(): number {
  const exporter = cards.get(EXPORTER_BUS)
  const near = cards.get(NEAR_BUS)
  const far = cards.get(FAR_BUS)
  if (!exporter || !near || !far) return -ENODEV
  for (const from_bar of [true, false]) {
    const dmabuf = lend(exporter, from_bar)
    if (IS_ERR(dmabuf)) return PTR_ERR(dmabuf)
    pr_info('a buffer in %s\n', from_bar ? 'a BAR' : 'memory')
    look('near', dmabuf, near, true)
    look('far', dmabuf, far, true)
    look('static', dmabuf, near, false)
    dma_buf_put(dmabuf)
  }
  return 0
}

function cards_init() {
  const ret = pci_register_driver(cards_driver)
  if (ret) return ret
  const error = compare()
  if (error) pci_unregister_driver(cards_driver)
  return error
}

function cards_exit() {
  pci_unregister_driver(cards_driver)
}

module_init(cards_init)
module_exit(cards_exit)
