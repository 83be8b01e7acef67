import { module_pci_driver, pci_get_drvdata, pci_set_drvdata, pcim_enable_device, pcim_iomap, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { drm_device } from 'drm/drm_device'
import { devm_drm_dev_alloc, drm_dev_enter, drm_dev_exit, drm_dev_register, drm_dev_unplug, DRIVER_RENDER, type drm_driver } from 'drm/drm_drv'
import { drm_open, drm_release, type drm_file } from 'drm/drm_file'
import { drm_ioctl, DRM_IOCTL_DEF_DRV, DRM_RENDER_ALLOW } from 'drm/drm_ioctl'
import { readl, writel, type iomem } from 'linux/io'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { EBUSY, ENODEV, ENOMEM } from 'linux/errno'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { container_of } from 'linux/container_of'
import { THIS_MODULE } from 'linux/module'
import { ptr } from 'linux/types'

/** Where the contexts of the queues lie in the memory of the card. */
const LRC_RING_START = 0x00
const LRC_TIMESTAMP = 0x04

class xe_device {
  drm = new drm_device()
  vram!: iomem
}

class xe_file {
  run_ticks = 0
  queue: xe_exec_queue | null = null
}

class xe_exec_queue {
  xe!: xe_device
  xef!: xe_file
  timestamp = 0
}

function xe_exec_queue_update_run_ticks(q: xe_exec_queue) {
  const old_ts = q.timestamp
  q.timestamp = readl(q.xe.vram + LRC_TIMESTAMP) // the file keeps the drm_device, not the mapping
  q.xef.run_ticks += q.timestamp - old_ts
}

function xe_exec_queue_destroy(q: xe_exec_queue) {
  xe_exec_queue_update_run_ticks(q) // what the process has used until its end
  kfree(q)
}

function xe_exec_queue_create_ioctl(drm: drm_device, data: unknown, file: drm_file) {
  const xef = file.driver_priv as xe_file
  const xe = container_of(drm, xe_device, 'drm')
  const idx = ptr<number>()
  if (xef.queue) return -EBUSY
  const q = kzalloc(xe_exec_queue, GFP_KERNEL)
  if (!q) return -ENOMEM
  q.xe = xe
  q.xef = xef
  if (!drm_dev_enter(drm, idx)) {
    kfree(q)
    return -ENODEV
  }
  writel(1, xe.vram + LRC_RING_START)
  q.timestamp = readl(xe.vram + LRC_TIMESTAMP)
  drm_dev_exit(idx.value)
  xef.queue = q
  return 0
}

function xe_file_open(drm: drm_device, file: drm_file) {
  const xef = kzalloc(xe_file, GFP_KERNEL)
  if (!xef) return -ENOMEM
  file.driver_priv = xef
  return 0
}

/** The last close, perhaps long after the card has gone. */
function xe_file_close(drm: drm_device, file: drm_file) {
  const xef = file.driver_priv as xe_file
  if (xef.queue) xe_exec_queue_destroy(xef.queue)
  kfree(xef)
}

const xe_fops = { owner: THIS_MODULE, open: drm_open, release: drm_release, unlocked_ioctl: drm_ioctl }

const xe_ioctls = [DRM_IOCTL_DEF_DRV(0, xe_exec_queue_create_ioctl, DRM_RENDER_ALLOW)]

const xe_drm_driver: drm_driver = {
  name: 'xe',
  desc: 'Intel Xe Graphics',
  major: 1,
  driver_features: DRIVER_RENDER,
  fops: xe_fops,
  ioctls: xe_ioctls,
  num_ioctls: xe_ioctls.length,
  open: xe_file_open,
  postclose: xe_file_close,
}

function xe_pci_probe(pdev: pci_dev, id: pci_device_id) {
  const ret = pcim_enable_device(pdev)
  if (ret) return ret
  const xe = devm_drm_dev_alloc(pdev.dev, xe_drm_driver, xe_device, 'drm')
  if (IS_ERR(xe)) return PTR_ERR(xe)
  const vram = pcim_iomap(pdev, 0, 0) // unmapped by itself when the driver is unbound
  if (!vram) return -ENOMEM
  xe.vram = vram
  pci_set_drvdata(pdev, xe)
  return drm_dev_register(xe.drm, 0)
}

function xe_pci_remove(pdev: pci_dev) {
  const xe = pci_get_drvdata<xe_device>(pdev)
  drm_dev_unplug(xe.drm)
}

const xe_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'xe', id_table: xe_ids, probe: xe_pci_probe, remove: xe_pci_remove })
