import { alloc_etherdev, dev_kfree_skb_any, free_netdev, register_netdev, SET_NETDEV_DEV, unregister_netdev, type net_device, type sk_buff } from './netcore'
import { devm_platform_ioremap_resource, module_platform_driver, platform_get_drvdata, platform_get_irq, platform_set_drvdata, type platform_device } from 'linux/platform_device'
import { dma_map_single, dma_mapping_error, dma_unmap_single, DMA_TO_DEVICE } from 'linux/dma-mapping'
import { free_irq, IRQ_HANDLED, IRQ_NONE, request_irq } from 'linux/interrupt'
import { spin_lock, spin_lock_init, spin_lock_irqsave, spin_unlock, spin_unlock_irqrestore, spinlock_t } from 'linux/spinlock'
import { devm_kzalloc } from 'linux/device'
import { ENOMEM } from 'linux/errno'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { GFP_KERNEL } from 'linux/slab'
import { readl, writel, type iomem } from 'linux/io'
import { type dma_addr_t } from 'linux/types'

const TX_ADDRESS = 0x00
const TX_LENGTH = 0x04
const IRQ_STATUS = 0x08
const ENABLE = 0x0c

class arc_emac_priv {
  regs!: iomem
  irq = 0
  lock = new spinlock_t() // protects tx_skb and tx_addr
  tx_skb: sk_buff | null = null // the frame that the hardware has
  tx_addr: dma_addr_t = 0
}

function arc_emac_tx(skb: sk_buff, ndev: net_device) {
  const priv = ndev.priv as arc_emac_priv
  const dev = ndev.dev.parent! // the device on the bus: it does the DMA
  const addr = dma_map_single(dev, skb.data!, skb.len, DMA_TO_DEVICE)
  if (dma_mapping_error(dev, addr)) {
    ndev.tx_dropped++
    dev_kfree_skb_any(skb)
    return
  }
  const flags = spin_lock_irqsave(priv.lock)
  const busy = priv.tx_skb !== null
  if (!busy) {
    priv.tx_skb = skb
    priv.tx_addr = addr
    writel(addr, priv.regs + TX_ADDRESS)
    writel(skb.len, priv.regs + TX_LENGTH)
  }
  spin_unlock_irqrestore(priv.lock, flags)
  if (!busy) return
  ndev.tx_dropped++
  dma_unmap_single(dev, addr, skb.len, DMA_TO_DEVICE)
  dev_kfree_skb_any(skb)
}

/** The hardware has done with its frame, or has been stopped. */
function arc_emac_tx_clean(ndev: net_device) {
  const priv = ndev.priv as arc_emac_priv
  const skb = priv.tx_skb
  if (!skb) return
  dma_unmap_single(ndev.dev.parent!, priv.tx_addr, skb.len, DMA_TO_DEVICE)
  dev_kfree_skb_any(skb)
  priv.tx_skb = null
  ndev.tx_packets++
}

function arc_emac_intr(irq: number, ndev: net_device) {
  const priv = ndev.priv as arc_emac_priv
  if (!readl(priv.regs + IRQ_STATUS)) return IRQ_NONE
  spin_lock(priv.lock)
  arc_emac_tx_clean(ndev)
  spin_unlock(priv.lock)
  return IRQ_HANDLED
}

function arc_emac_probe(pdev: platform_device) {
  const priv = devm_kzalloc(pdev.dev, arc_emac_priv, GFP_KERNEL)
  if (!priv) return -ENOMEM
  spin_lock_init(priv.lock)
  priv.regs = devm_platform_ioremap_resource(pdev, 0)
  if (IS_ERR(priv.regs)) return PTR_ERR(priv.regs)
  priv.irq = platform_get_irq(pdev, 0)
  if (priv.irq < 0) return priv.irq
  const ndev = alloc_etherdev()
  if (!ndev) return -ENOMEM
  SET_NETDEV_DEV(ndev, pdev.dev)
  ndev.priv = priv
  ndev.ndo_start_xmit = arc_emac_tx
  platform_set_drvdata(pdev, ndev)
  let ret = request_irq(priv.irq, arc_emac_intr, 0, 'arc_emac', ndev)
  if (!ret) {
    writel(1, priv.regs + ENABLE)
    ret = register_netdev(ndev)
    if (!ret) return 0
    free_irq(priv.irq, ndev)
  }
  free_netdev(ndev)
  return ret
}

function arc_emac_remove(pdev: platform_device) {
  const ndev = platform_get_drvdata<net_device>(pdev)
  const priv = ndev.priv as arc_emac_priv
  unregister_netdev(ndev)
  writel(0, priv.regs + ENABLE)
  free_irq(priv.irq, ndev)
  arc_emac_tx_clean(ndev)
  free_netdev(ndev)
}

module_platform_driver({
  driver: { name: 'arc_emac' },
  probe: arc_emac_probe,
  remove: arc_emac_remove,
})
