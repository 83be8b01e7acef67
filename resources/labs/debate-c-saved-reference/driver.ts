import { dev_name } from 'linux/device'
import { msecs_to_jiffies } from 'linux/jiffies'
import { module_exit, module_init } from 'linux/module'
import { PCI_DEVICE, pci_dev_get, pci_dev_put, pci_register_driver, pci_unregister_driver, pcim_enable_device, type pci_dev, type pci_device_id } from 'linux/pci'
import { pr_info } from 'linux/printk'
import { DECLARE_DELAYED_WORK, flush_delayed_work, schedule_delayed_work, type work_struct } from 'linux/workqueue'

const REPORT_MS = 50

/** The card that the next report is about. */
let saved: pci_dev | null = null

function report_work(work: work_struct) {
  const pdev = saved
  if (!pdev) return
  saved = null
  pr_info('report about %s\n', dev_name(pdev.dev))
  pci_dev_put(pdev)
}

const report = DECLARE_DELAYED_WORK('report', report_work)

function card_probe(pdev: pci_dev, id: pci_device_id) {
  const ret = pcim_enable_device(pdev)
  if (ret) return ret
  saved = pci_dev_get(pdev)
  schedule_delayed_work(report, msecs_to_jiffies(REPORT_MS))
  return 0
}

const card_driver = {
  name: 'card',
  id_table: [PCI_DEVICE(0x1234, 0x11e8)],
  probe: card_probe,
}

module_init(() => pci_register_driver(card_driver))
module_exit(() => {
  pci_unregister_driver(card_driver)
  flush_delayed_work(report)
})
