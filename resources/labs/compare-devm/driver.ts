import { container_of } from 'linux/container_of'
import { devm_work_autocancel } from 'linux/devm-helpers'
import { devm_add_action_or_reset, devm_kzalloc } from 'linux/device'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { ENOMEM } from 'linux/errno'
import type { file, file_operations } from 'linux/fs'
import { devm_request_irq } from 'linux/interrupt'
import { misc_deregister, misc_init, misc_register, miscdevice } from 'linux/miscdevice'
import { THIS_MODULE } from 'linux/module'
import { module_pci_driver, pci_alloc_irq_vectors, pci_irq_vector, PCI_IRQ_ALL_TYPES, pci_set_master, pcim_enable_device, pcim_iomap_region, type pci_dev, type pci_device_id } from 'linux/pci'
import { GFP_KERNEL } from 'linux/slab'
import { timer_shutdown_sync } from 'linux/timer'
import { edu, edu_alloc_buffer, edu_call, edu_free_buffer, edu_ids, edu_init, edu_irq, edu_quiesce, edu_start_heartbeat } from './edu'

/**
 * The model: whatever probe() gets, it gives to the device, and the driver core undoes it in
 * reverse when the driver goes, or when probe() fails half way. There is no remove() to get wrong.
 * Undoing waits for the interrupt, the work and the timer. It does not know who else has the data:
 * a program with an open file comes back with a pointer to memory that devres has freed.
 */
class edu_dev {
  misc = new miscdevice()
  pdev!: pci_dev
  hw = new edu()
}

function edu_ioctl(file: file, cmd: number, arg: number) {
  const d = container_of(file.private_data as miscdevice, edu_dev, 'misc')
  return edu_call(d.hw, cmd, arg)
}

const edu_fops: file_operations = { owner: THIS_MODULE, unlocked_ioctl: edu_ioctl }

function stop_device(d: edu_dev) {
  edu_quiesce(d.pdev, d.hw)
}
function free_buffer(d: edu_dev) {
  edu_free_buffer(d.pdev, d.hw)
}
function stop_heartbeat(d: edu_dev) {
  timer_shutdown_sync(d.hw.heartbeat)
}
function remove_node(d: edu_dev) {
  misc_deregister(d.misc)
}

/** Read it upwards to see what unbinding does. */
function edu_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pcim_enable_device(pdev)
  if (ret) return ret
  const d = devm_kzalloc(pdev.dev, edu_dev, GFP_KERNEL)
  if (!d) return -ENOMEM
  d.pdev = pdev
  edu_init(d.hw)
  d.hw.mmio = pcim_iomap_region(pdev, 0, 'edu')
  if (IS_ERR(d.hw.mmio)) return PTR_ERR(d.hw.mmio)
  if (!edu_alloc_buffer(pdev, d.hw)) return -ENOMEM
  ret = devm_add_action_or_reset(pdev.dev, free_buffer, d)
  if (ret) return ret
  pci_set_master(pdev)
  ret = devm_add_action_or_reset(pdev.dev, stop_device, d) // before the buffer is freed
  if (ret) return ret
  ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES)
  if (ret < 0) return ret
  ret = devm_work_autocancel(pdev.dev, d.hw.work, d.hw.work.func!) // after the interrupt is freed
  if (ret) return ret
  ret = devm_request_irq(pdev.dev, pci_irq_vector(pdev, 0), edu_irq, 0, 'edu', d.hw)
  if (ret) return ret
  edu_start_heartbeat(d.hw)
  ret = devm_add_action_or_reset(pdev.dev, stop_heartbeat, d)
  if (ret) return ret
  misc_init(d.misc, { name: 'edu', fops: edu_fops, parent: pdev.dev })
  ret = misc_register(d.misc)
  if (ret) return ret
  return devm_add_action_or_reset(pdev.dev, remove_node, d)
}

module_pci_driver({ name: 'edu', id_table: edu_ids, probe: edu_probe })
