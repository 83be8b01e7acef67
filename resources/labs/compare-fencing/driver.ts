import { container_of } from 'linux/container_of'
import { ENODEV, ENOMEM } from 'linux/errno'
import type { file, file_operations, inode } from 'linux/fs'
import { free_irq, request_irq } from 'linux/interrupt'
import { kref, kref_get, kref_init, kref_put } from 'linux/kref'
import { misc_deregister, misc_init, misc_register, miscdevice } from 'linux/miscdevice'
import { THIS_MODULE } from 'linux/module'
import { module_pci_driver, pci_alloc_irq_vectors, pci_disable_device, pci_enable_device, pci_free_irq_vectors, pci_get_drvdata, pci_iomap, pci_iounmap, pci_irq_vector, PCI_IRQ_ALL_TYPES, pci_set_drvdata, pci_set_master, type pci_dev, type pci_device_id } from 'linux/pci'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { timer_shutdown_sync } from 'linux/timer'
import { cancel_work_sync } from 'linux/workqueue'
import { gate, gate_add_stop, gate_close, gate_enter, gate_exit, gate_init } from 'klab/gate'
import { edu, edu_alloc_buffer, edu_call, edu_free_buffer, edu_ids, edu_init, edu_irq, edu_quiesce, edu_start_heartbeat } from './edu'

/**
 * The model: remove() makes sure that nobody is left, then frees. Programs come in through a gate,
 * which counts them; the interrupt, the work and the timer need no check at all, because the gate
 * knows how to stop each of them for good. What remains for open files is the gate itself, and a
 * reference count for its memory.
 */
class edu_dev {
  refs = new kref()
  gate = new gate()
  misc = new miscdevice()
  pdev!: pci_dev
  hw = new edu()
}

function edu_release(refs: kref) {
  kfree(container_of(refs, edu_dev, 'refs'))
}

function edu_open(inode: inode, file: file) {
  const d = container_of(file.private_data as miscdevice, edu_dev, 'misc')
  kref_get(d.refs)
  return 0
}

function edu_close(inode: inode, file: file) {
  const d = container_of(file.private_data as miscdevice, edu_dev, 'misc')
  kref_put(d.refs, edu_release)
  return 0
}

/** One check at the door; behind it everything is there and stays. */
function edu_ioctl(file: file, cmd: number, arg: number) {
  const d = container_of(file.private_data as miscdevice, edu_dev, 'misc')
  if (!gate_enter(d.gate)) return -ENODEV
  const ret = edu_call(d.hw, cmd, arg)
  gate_exit(d.gate)
  return ret
}

const edu_fops: file_operations = { owner: THIS_MODULE, open: edu_open, release: edu_close, unlocked_ioctl: edu_ioctl }

/** Starts the driver's threads, each with what ends it. The gate stops the newest first. */
function edu_start(pdev: pci_dev, d: edu_dev) {
  const irq = pci_irq_vector(pdev, 0)
  gate_add_stop(d.gate, () => cancel_work_sync(d.hw.work)) // last: the interrupt queues it
  const ret = request_irq(irq, edu_irq, 0, 'edu', d.hw)
  if (ret) return ret
  gate_add_stop(d.gate, () => free_irq(irq, d.hw))
  edu_start_heartbeat(d.hw)
  gate_add_stop(d.gate, () => timer_shutdown_sync(d.hw.heartbeat))
  misc_init(d.misc, { name: 'edu', fops: edu_fops, parent: pdev.dev })
  return misc_register(d.misc)
}

/** Nobody uses the device any more: a plain list, in reverse. */
function edu_free(pdev: pci_dev, d: edu_dev) {
  if (d.hw.mmio) edu_quiesce(pdev, d.hw)
  if (d.hw.buf) edu_free_buffer(pdev, d.hw)
  if (d.hw.mmio) pci_iounmap(pdev, d.hw.mmio)
  pci_disable_device(pdev)
  kref_put(d.refs, edu_release)
}

function edu_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pci_enable_device(pdev)
  if (ret) return ret
  const d = kzalloc(edu_dev, GFP_KERNEL)
  if (!d) {
    pci_disable_device(pdev)
    return -ENOMEM
  }
  kref_init(d.refs)
  gate_init(d.gate, 'edu')
  d.pdev = pdev
  edu_init(d.hw)
  d.hw.mmio = pci_iomap(pdev, 0, 0)
  if (!d.hw.mmio || !edu_alloc_buffer(pdev, d.hw)) {
    edu_free(pdev, d)
    return -ENOMEM
  }
  pci_set_master(pdev)
  ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES)
  if (ret >= 0) {
    ret = edu_start(pdev, d)
    if (!ret) {
      pci_set_drvdata(pdev, d)
      return 0
    }
    gate_close(d.gate)
    pci_free_irq_vectors(pdev)
  }
  edu_free(pdev, d)
  return ret
}

function edu_remove(pdev: pci_dev) {
  const d = pci_get_drvdata<edu_dev>(pdev)
  misc_deregister(d.misc) // nobody new ...
  gate_close(d.gate) // ... nobody left ...
  pci_free_irq_vectors(pdev)
  edu_free(pdev, d) // ... so it can go
}

module_pci_driver({ name: 'edu', id_table: edu_ids, probe: edu_probe, remove: edu_remove })
