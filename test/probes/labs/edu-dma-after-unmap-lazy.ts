import { msleep } from 'linux/delay'
import { DMA_BIDIRECTIONAL, dma_map_single, dma_mapping_error, dma_unmap_single } from 'linux/dma-mapping'
import { ENOMEM } from 'linux/errno'
import { get_zeroed_page, GFP_KERNEL } from 'linux/gfp'
import { writeq } from 'linux/io'
import { pci_register_driver, type pci_dev, type pci_device_id } from 'linux/pci'
import { KLAB, KLAB_PROBE, klab_spin_ms } from './klab'
import { edu, edu_dma, edu_enable, EDU_BUF, EDU_CMD, EDU_CNT, EDU_DRIVER, EDU_DST, EDU_SRC } from './klab_edu'

function pr(p: pci_dev, i: pci_device_id) {
  let stale = 0
  let in_time = 0
  KLAB('probe', 'enable=%d', edu_enable(p))
  for (let k = 0; k < 6; k++) {
    const b = get_zeroed_page(GFP_KERNEL)!
    const a = dma_map_single(p.dev, b, 4096, DMA_BIDIRECTIONAL)
    if (dma_mapping_error(p.dev, a)) return -ENOMEM
    b[0] = 1
    edu_dma(a, EDU_BUF, 64, 0)
    b[0] = 2
    writeq(EDU_BUF, edu.mmio + EDU_SRC)
    writeq(a, edu.mmio + EDU_DST)
    writeq(64, edu.mmio + EDU_CNT)
    writeq(3, edu.mmio + EDU_CMD)
    klab_spin_ms(97 - k)
    dma_unmap_single(p.dev, a, 4096, DMA_BIDIRECTIONAL)
    if (b[0] === 2) {
      in_time++
      msleep(300)
      if ((b[0] as number) === 1) stale++
    }
  }
  KLAB('result', 'unmapped_in_time=%d stale_write_landed=%d', in_time > 0, stale > 0)
  return 0
}
function rm(p: pci_dev) {}
const edu_drv = EDU_DRIVER(pr, rm)
function probe() {
  KLAB('register', 'ret=%d', pci_register_driver(edu_drv))
}
KLAB_PROBE('edu-dma-after-unmap-lazy', probe)
