import { module_pci_driver, pci_disable_device, pci_enable_device, pci_get_drvdata, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { kthread_run, kthread_should_stop, kthread_stop, type task_struct } from 'linux/kthread'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { clear_bit, set_bit, test_bit } from 'linux/bitops'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { ENOMEM } from 'linux/errno'
import { msleep } from 'linux/delay'

const UNLOADING = 0

class qla_hw {
  dpc_thread: task_struct | null = null
  flags = new Uint32Array(1)
  commands = 0
}

/** Deferred procedure calls: leaves when it is asked to, and for no other reason. */
function qla2x00_do_dpc(ha: qla_hw) {
  while (!kthread_should_stop()) {
    if (!test_bit(UNLOADING, ha.flags)) ha.commands++
    msleep(4)
  }
  return 0
}

function qla2x00_probe(pdev: pci_dev, id: pci_device_id) {
  const ret = pci_enable_device(pdev)
  if (ret) return ret
  const ha = kzalloc(qla_hw, GFP_KERNEL)
  if (!ha) {
    pci_disable_device(pdev)
    return -ENOMEM
  }
  clear_bit(UNLOADING, ha.flags)
  const thread = kthread_run(qla2x00_do_dpc, ha, 'qla2xxx_dpc')
  if (IS_ERR(thread)) {
    kfree(ha)
    pci_disable_device(pdev)
    return PTR_ERR(thread)
  }
  ha.dpc_thread = thread
  pci_set_drvdata(pdev, ha)
  return 0
}

function qla2x00_remove(pdev: pci_dev) {
  const ha = pci_get_drvdata<qla_hw>(pdev)
  set_bit(UNLOADING, ha.flags)
  msleep(10) // the adapter is shut down meanwhile
  kthread_stop(ha.dpc_thread!) // waits for its end and drops the last reference
  kfree(ha)
  pci_disable_device(pdev)
}

const qla_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'qla2xxx', id_table: qla_ids, probe: qla2x00_probe, remove: qla2x00_remove })
