import { container_of } from 'linux/container_of'
import { devm_add_action_or_reset } from 'linux/device'
import { devm_work_autocancel } from 'linux/devm-helpers'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { ENODEV, ENOMEM } from 'linux/errno'
import type { file_operations } from 'linux/fs'
import { devm_request_irq } from 'linux/interrupt'
import { THIS_MODULE } from 'linux/module'
import { module_pci_driver, pci_alloc_irq_vectors, pci_get_drvdata, pci_irq_vector, PCI_IRQ_ALL_TYPES, pci_set_drvdata, pci_set_master, pcim_enable_device, pcim_iomap_region, type pci_dev, type pci_device_id } from 'linux/pci'
import { timer_shutdown_sync } from 'linux/timer'
import { ptr } from 'linux/types'
import { drm_device } from 'drm/drm_device'
import { devm_drm_dev_alloc, drm_dev_enter, drm_dev_exit, drm_dev_register, drm_dev_unplug, type drm_driver } from 'drm/drm_drv'
import { drm_open, drm_release } from 'drm/drm_file'
import { drm_ioctl, DRM_IOCTL_DEF_DRV } from 'drm/drm_ioctl'
import { EDU_COPY, EDU_FACTORIAL, EDU_IDENT, EDU_RAISE, EDU_START_COPY } from './commands'
import { edu, edu_alloc_buffer, edu_call, edu_free_buffer, edu_ids, edu_init, edu_irq, edu_quiesce, edu_start_heartbeat } from './edu'

/**
 * The model: two lifetimes. What programs see (the structure around drm_device) lives until the
 * last file is closed. What belongs to the hardware is on devres and lives until unbinding. Code
 * that programs can reach enters a section before it touches the hardware; unplugging waits for
 * all sections, of all devices, and lets nobody in afterwards.
 */
class edu_dev {
  drm = new drm_device()
  pdev!: pci_dev
  hw = new edu()
}

/** The section may sleep, and everything in it stays until it ends. */
function edu_ioctl(drm: drm_device, command: number, value: number) {
  const d = container_of(drm, edu_dev, 'drm')
  const idx = ptr<number>()
  if (!drm_dev_enter(drm, idx)) return -ENODEV
  const ret = edu_call(d.hw, command, value)
  drm_dev_exit(idx.value)
  return ret
}

const edu_ioctls = [EDU_IDENT, EDU_FACTORIAL, EDU_COPY, EDU_START_COPY, EDU_RAISE].map((command) =>
  DRM_IOCTL_DEF_DRV(command - 1, (drm: drm_device, data: { value: number }) => edu_ioctl(drm, command, data.value), 0),
)

const edu_fops: file_operations = { owner: THIS_MODULE, open: drm_open, release: drm_release, unlocked_ioctl: drm_ioctl }

const edu_drm_driver: drm_driver = {
  name: 'edu',
  desc: 'educational device',
  major: 1,
  fops: edu_fops,
  ioctls: edu_ioctls,
  num_ioctls: edu_ioctls.length,
}

/** Not inside a section: the device has to be stopped although it is marked as unplugged. */
function stop_device(d: edu_dev) {
  edu_quiesce(d.pdev, d.hw)
}
function free_buffer(d: edu_dev) {
  edu_free_buffer(d.pdev, d.hw)
}
function stop_heartbeat(d: edu_dev) {
  timer_shutdown_sync(d.hw.heartbeat)
}

function edu_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pcim_enable_device(pdev)
  if (ret) return ret
  const d = devm_drm_dev_alloc(pdev.dev, edu_drm_driver, edu_dev, 'drm')
  if (IS_ERR(d)) return PTR_ERR(d)
  d.pdev = pdev
  edu_init(d.hw)
  d.hw.mmio = pcim_iomap_region(pdev, 0, 'edu')
  if (IS_ERR(d.hw.mmio)) return PTR_ERR(d.hw.mmio)
  if (!edu_alloc_buffer(pdev, d.hw)) return -ENOMEM
  ret = devm_add_action_or_reset(pdev.dev, free_buffer, d)
  if (ret) return ret
  pci_set_master(pdev)
  ret = devm_add_action_or_reset(pdev.dev, stop_device, d)
  if (ret) return ret
  ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES)
  if (ret < 0) return ret
  ret = devm_work_autocancel(pdev.dev, d.hw.work, d.hw.work.func!)
  if (ret) return ret
  ret = devm_request_irq(pdev.dev, pci_irq_vector(pdev, 0), edu_irq, 0, 'edu', d.hw)
  if (ret) return ret
  edu_start_heartbeat(d.hw)
  ret = devm_add_action_or_reset(pdev.dev, stop_heartbeat, d)
  if (ret) return ret
  pci_set_drvdata(pdev, d)
  return drm_dev_register(d.drm, 0)
}

function edu_remove(pdev: pci_dev) {
  const d = pci_get_drvdata<edu_dev>(pdev)
  drm_dev_unplug(d.drm) // devres does the rest
}

module_pci_driver({ name: 'edu', id_table: edu_ids, probe: edu_probe, remove: edu_remove })
