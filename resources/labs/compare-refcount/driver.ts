import { container_of } from 'linux/container_of'
import { ENOMEM } from 'linux/errno'
import type { file, file_operations, inode } from 'linux/fs'
import { free_irq, request_irq } from 'linux/interrupt'
import { kref, kref_get, kref_init, kref_put } from 'linux/kref'
import { misc_deregister, misc_init, misc_register, miscdevice } from 'linux/miscdevice'
import { THIS_MODULE } from 'linux/module'
import { module_pci_driver, pci_alloc_irq_vectors, pci_dev_get, pci_dev_put, pci_disable_device, pci_enable_device, pci_free_irq_vectors, pci_get_drvdata, pci_iomap, pci_iounmap, pci_irq_vector, PCI_IRQ_ALL_TYPES, pci_set_drvdata, pci_set_master, type pci_dev, type pci_device_id } from 'linux/pci'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { timer_shutdown_sync } from 'linux/timer'
import { cancel_work_sync } from 'linux/workqueue'
import { edu, edu_alloc_buffer, edu_call, edu_free_buffer, edu_ids, edu_init, edu_irq, edu_quiesce, edu_start_heartbeat } from './edu'

/**
 * The model: everybody who uses the data holds a reference, and the last one tears everything down.
 * No pointer ever dangles. What a reference cannot do is keep the driver bound: with a file open,
 * all of edu_release() runs after remove() has returned, on a device that may have another driver
 * by then, or be gone. The interrupt, the timer and the engine go on until that day.
 */
class edu_dev {
  refs = new kref()
  misc = new miscdevice()
  pdev!: pci_dev
  hw = new edu()
}

/** The last user turns off the light. When that is, programs decide. */
function edu_release(refs: kref) {
  const d = container_of(refs, edu_dev, 'refs')
  timer_shutdown_sync(d.hw.heartbeat)
  free_irq(pci_irq_vector(d.pdev, 0), d.hw)
  cancel_work_sync(d.hw.work)
  edu_quiesce(d.pdev, d.hw)
  edu_free_buffer(d.pdev, d.hw)
  pci_free_irq_vectors(d.pdev)
  pci_iounmap(d.pdev, d.hw.mmio)
  pci_disable_device(d.pdev)
  pci_dev_put(d.pdev)
  kfree(d)
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

/** No check: the file has a reference, so the data is there. Is the device? */
function edu_ioctl(file: file, cmd: number, arg: number) {
  const d = container_of(file.private_data as miscdevice, edu_dev, 'misc')
  return edu_call(d.hw, cmd, arg)
}

const edu_fops: file_operations = { owner: THIS_MODULE, open: edu_open, release: edu_close, unlocked_ioctl: edu_ioctl }

function edu_start(pdev: pci_dev, d: edu_dev) {
  pci_set_master(pdev)
  let ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES)
  if (ret < 0) return ret
  ret = request_irq(pci_irq_vector(pdev, 0), edu_irq, 0, 'edu', d.hw)
  if (ret) {
    pci_free_irq_vectors(pdev)
    return ret
  }
  misc_init(d.misc, { name: 'edu', fops: edu_fops, parent: pdev.dev })
  ret = misc_register(d.misc)
  if (ret) {
    free_irq(pci_irq_vector(pdev, 0), d.hw)
    cancel_work_sync(d.hw.work)
    pci_free_irq_vectors(pdev)
  }
  return ret
}

function edu_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pci_enable_device(pdev)
  if (ret) return ret
  ret = -ENOMEM
  const d = kzalloc(edu_dev, GFP_KERNEL)
  if (!d) {
    pci_disable_device(pdev)
    return ret
  }
  kref_init(d.refs)
  d.pdev = pci_dev_get(pdev)
  edu_init(d.hw)
  d.hw.mmio = pci_iomap(pdev, 0, 0)
  if (d.hw.mmio) {
    if (edu_alloc_buffer(pdev, d.hw)) {
      ret = edu_start(pdev, d)
      if (!ret) {
        pci_set_drvdata(pdev, d)
        edu_start_heartbeat(d.hw)
        return 0
      }
      edu_quiesce(pdev, d.hw)
      edu_free_buffer(pdev, d.hw)
    }
    pci_iounmap(pdev, d.hw.mmio)
  }
  pci_dev_put(pdev)
  kfree(d)
  pci_disable_device(pdev)
  return ret
}

function edu_remove(pdev: pci_dev) {
  const d = pci_get_drvdata<edu_dev>(pdev)
  misc_deregister(d.misc) // no new opens; those that are open stay open
  kref_put(d.refs, edu_release)
}

module_pci_driver({ name: 'edu', id_table: edu_ids, probe: edu_probe, remove: edu_remove })
