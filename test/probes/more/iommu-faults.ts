import { msleep } from 'linux/delay'
import { pci_register_driver, type pci_dev, type pci_device_id } from 'linux/pci'
import { KLAB, KLAB_PROBE } from './klab'
import { edu_dma, edu_enable, EDU_BUF, EDU_DRIVER } from './klab_edu'

function pr(p: pci_dev, i: pci_device_id) {
  KLAB('probe', 'enable=%d', edu_enable(p))
  KLAB('dma', 'write=%d', edu_dma(EDU_BUF, 0x123456, 16, 1))
  KLAB('dma', 'read=%d', edu_dma(0x654321, EDU_BUF, 16, 0))
  for (let n = 0; n < 4; n++) KLAB('dma', 'n=%d write=%d', n, edu_dma(EDU_BUF, 0x1000 * n, 16, 1))
  msleep(6000)
  KLAB('dma', 'later=%d', edu_dma(EDU_BUF, 0x5000, 16, 1))
  return 0
}
function rm(p: pci_dev) {}
const edu_drv = EDU_DRIVER(pr, rm)
KLAB_PROBE('iommu-faults', () => {
  KLAB('register', 'ret=%d', pci_register_driver(edu_drv))
})
