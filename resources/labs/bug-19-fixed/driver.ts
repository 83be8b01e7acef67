import { module_pci_driver, pci_get_drvdata, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { dma_map_single, dma_mapping_error, dma_unmap_single, DMA_TO_DEVICE } from 'linux/dma-mapping'
import { FROM_MEMORY, ring_add, ring_done, ring_engine, ring_init, ring_kick, ring_stop } from './engine'
import { GFP_KERNEL, kfree, kmalloc } from 'linux/slab'
import { devm_kzalloc } from 'linux/device'
import { usleep_range } from 'linux/delay'
import type { dma_addr_t } from 'linux/types'
import { ENOMEM } from 'linux/errno'

const ENTRIES = 4
const SEGMENT = 1024
const SEGMENTS = 3
const FRAMES = 3

/** What belongs to a descriptor: the end of a mapping, and the data that it was of. */
class stmmac_tx_info {
  buf: dma_addr_t = 0
  len = 0
  data: Uint8Array | null = null
}

class stmmac_priv {
  pdev!: pci_dev
  engine = new ring_engine()
  info = Array.from({ length: ENTRIES }, () => new stmmac_tx_info())
  cur_tx = 0
  dirty_tx = 0
}

function stmmac_tx_free(priv: stmmac_priv, info: stmmac_tx_info) {
  if (info.buf) dma_unmap_single(priv.pdev.dev, info.buf, info.len, DMA_TO_DEVICE)
  kfree(info.data)
  info.buf = 0
  info.data = null
}

/** Cleans up behind the engine. */
function stmmac_tx_clean(priv: stmmac_priv) {
  for (; priv.dirty_tx !== priv.cur_tx; priv.dirty_tx++) {
    const entry = priv.dirty_tx % ENTRIES
    if (!ring_done(priv.engine.records, entry)) return
    stmmac_tx_free(priv, priv.info[entry])
  }
}

/** One mapping of the frame, a descriptor for each segment of it. Waits for room. */
function stmmac_tso_xmit(priv: stmmac_priv) {
  while (priv.cur_tx - priv.dirty_tx + SEGMENTS >= ENTRIES) {
    stmmac_tx_clean(priv)
    usleep_range(50, 100)
  }
  const data = kmalloc(SEGMENTS * SEGMENT, GFP_KERNEL)
  if (!data) return -ENOMEM
  const dev = priv.pdev.dev
  const des = dma_map_single(dev, data, data.length, DMA_TO_DEVICE)
  if (dma_mapping_error(dev, des)) {
    kfree(data)
    return -ENOMEM
  }
  let first = -1
  let last = -1
  for (let i = 0; i < SEGMENTS; i++) {
    last = ring_add(priv.engine, des + i * SEGMENT, SEGMENT, FROM_MEMORY)
    if (first < 0) first = last
  }
  priv.info[last].buf = des
  priv.info[last].len = data.length
  priv.info[last].data = data
  priv.cur_tx += SEGMENTS
  ring_kick(priv.engine)
  return 0
}

function stmmac_probe(pdev: pci_dev, id: pci_device_id) {
  const priv = devm_kzalloc(pdev.dev, stmmac_priv, GFP_KERNEL)
  if (!priv) return -ENOMEM
  priv.pdev = pdev
  const ret = ring_init(priv.engine, pdev, ENTRIES)
  if (ret) return ret
  pci_set_drvdata(pdev, priv)
  for (let i = 0; i < FRAMES; i++) stmmac_tso_xmit(priv)
  return 0
}

function stmmac_remove(pdev: pci_dev) {
  const priv = pci_get_drvdata<stmmac_priv>(pdev)
  ring_stop(priv.engine, pdev)
  for (const info of priv.info) stmmac_tx_free(priv, info)
}

module_pci_driver({
  name: 'stmmac',
  id_table: [PCI_DEVICE(0x1234, 0x0d3a)],
  probe: stmmac_probe,
  remove: stmmac_remove,
})
