import { dma_release_channel, dma_request_channel, dmaengine_slave_config, dmaengine_submit, type dma_chan } from './dmaengine'
import { devm_spi_alloc_host, spi_register_controller, spi_unregister_controller, type spi_controller, type spi_transfer } from './spi'
import { devm_platform_ioremap_resource, module_platform_driver, platform_get_drvdata, platform_get_irq, platform_set_drvdata, type platform_device } from 'linux/platform_device'
import { completion, complete, init_completion, reinit_completion, wait_for_completion_timeout } from 'linux/completion'
import { devm_request_irq, IRQ_HANDLED, IRQ_NONE } from 'linux/interrupt'
import { msecs_to_jiffies } from 'linux/jiffies'
import { devm_kzalloc } from 'linux/device'
import { ENOMEM, ETIMEDOUT } from 'linux/errno'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { GFP_KERNEL } from 'linux/slab'
import { readl, writel, type iomem } from 'linux/io'

const DATA = 0x00
const STATUS = 0x04
const STATUS_IRQ = 2
const CONTROL = 0x08
const CONTROL_IRQ = 1
const ACK = 0x0c
const DELAY_US = 0x10

class fsl_lpspi_data {
  base!: iomem
  xfer_done = new completion()
  dma_tx: dma_chan | null = null
  dma_rx: dma_chan | null = null
}

function fsl_lpspi_isr(irq: number, lpspi: fsl_lpspi_data) {
  if (!(readl(lpspi.base + STATUS) & STATUS_IRQ)) return IRQ_NONE
  writel(1, lpspi.base + ACK)
  complete(lpspi.xfer_done)
  return IRQ_HANDLED
}

/** The core calls this for one transfer at a time, for as long as the host is registered. */
function fsl_lpspi_transfer_one(controller: spi_controller, xfer: spi_transfer) {
  const lpspi = controller.devdata as fsl_lpspi_data
  dmaengine_slave_config(lpspi.dma_rx!, 4)
  dmaengine_slave_config(lpspi.dma_tx!, 4)
  dmaengine_submit(lpspi.dma_rx!)
  dmaengine_submit(lpspi.dma_tx!)
  reinit_completion(lpspi.xfer_done)
  writel(xfer.tx, lpspi.base + DATA)
  if (!wait_for_completion_timeout(lpspi.xfer_done, msecs_to_jiffies(100))) return -ETIMEDOUT
  xfer.rx = readl(lpspi.base + DATA)
  return 0
}

function fsl_lpspi_dma_init(lpspi: fsl_lpspi_data) {
  lpspi.dma_tx = dma_request_channel()
  lpspi.dma_rx = dma_request_channel()
  if (lpspi.dma_tx && lpspi.dma_rx) return 0
  fsl_lpspi_dma_exit(lpspi)
  return -ENOMEM
}

function fsl_lpspi_dma_exit(lpspi: fsl_lpspi_data) {
  if (lpspi.dma_rx) dma_release_channel(lpspi.dma_rx)
  lpspi.dma_rx = null
  if (lpspi.dma_tx) dma_release_channel(lpspi.dma_tx)
  lpspi.dma_tx = null
}

function fsl_lpspi_probe(pdev: platform_device) {
  const controller = devm_spi_alloc_host(pdev.dev)
  const lpspi = devm_kzalloc(pdev.dev, fsl_lpspi_data, GFP_KERNEL)
  if (!controller || !lpspi) return -ENOMEM
  controller.devdata = lpspi
  controller.transfer_one = fsl_lpspi_transfer_one
  init_completion(lpspi.xfer_done)
  lpspi.base = devm_platform_ioremap_resource(pdev, 0)
  if (IS_ERR(lpspi.base)) return PTR_ERR(lpspi.base)
  const irq = platform_get_irq(pdev, 0)
  if (irq < 0) return irq
  let ret = devm_request_irq(pdev.dev, irq, fsl_lpspi_isr, 0, 'fsl_lpspi', lpspi)
  if (ret) return ret
  writel(CONTROL_IRQ, lpspi.base + CONTROL)
  writel(2000, lpspi.base + DELAY_US)
  platform_set_drvdata(pdev, controller)
  ret = fsl_lpspi_dma_init(lpspi)
  if (ret) return ret
  ret = spi_register_controller(controller)
  if (ret) fsl_lpspi_dma_exit(lpspi)
  return ret
}

function fsl_lpspi_remove(pdev: platform_device) {
  const controller = platform_get_drvdata<spi_controller>(pdev)
  spi_unregister_controller(controller) // first of all: nobody can start a transfer any more
  fsl_lpspi_dma_exit(controller.devdata as fsl_lpspi_data)
}

module_platform_driver({
  driver: { name: 'fsl_lpspi' },
  probe: fsl_lpspi_probe,
  remove: fsl_lpspi_remove,
})
