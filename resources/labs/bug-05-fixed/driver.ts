import { module_pci_driver, pci_disable_device, pci_enable_device, pci_get_drvdata, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { CLOCK_MONOTONIC, hrtimer, hrtimer_cancel, HRTIMER_MODE_REL, HRTIMER_NORESTART, hrtimer_setup, hrtimer_start } from 'linux/hrtimer'
import { kthread_create_worker, kthread_destroy_worker, kthread_init_work, kthread_queue_work, kthread_work, type kthread_worker } from 'linux/kthread'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { ms_to_ktime } from 'linux/ktime'
import { ENOMEM } from 'linux/errno'
import { READ_ONCE, WRITE_ONCE } from 'linux/compiler'
import { container_of } from 'linux/container_of'

class tcpm_port {
  wq!: kthread_worker
  state_machine = new kthread_work()
  state_timer = new hrtimer()
  state = 0
  going_away = 0
}

function tcpm_state_machine(work: kthread_work) {
  const port = container_of(work, tcpm_port, 'state_machine')
  port.state++
  if (!READ_ONCE(port, 'going_away')) hrtimer_start(port.state_timer, ms_to_ktime(5), HRTIMER_MODE_REL)
}

/** Hard interrupt context: only hands over to the worker. */
function tcpm_timer(timer: hrtimer) {
  const port = container_of(timer, tcpm_port, 'state_timer')
  if (!READ_ONCE(port, 'going_away')) kthread_queue_work(port.wq, port.state_machine)
  return HRTIMER_NORESTART
}

function tcpm_probe(pdev: pci_dev, id: pci_device_id) {
  const ret = pci_enable_device(pdev)
  if (ret) return ret
  const port = kzalloc(tcpm_port, GFP_KERNEL)
  if (!port) {
    pci_disable_device(pdev)
    return -ENOMEM
  }
  port.wq = kthread_create_worker(0, 'tcpm')
  if (IS_ERR(port.wq)) {
    const error = PTR_ERR(port.wq)
    kfree(port)
    pci_disable_device(pdev)
    return error
  }
  kthread_init_work(port.state_machine, tcpm_state_machine)
  hrtimer_setup(port.state_timer, tcpm_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL)
  pci_set_drvdata(pdev, port)
  hrtimer_start(port.state_timer, ms_to_ktime(5), HRTIMER_MODE_REL)
  return 0
}

function tcpm_remove(pdev: pci_dev) {
  const port = pci_get_drvdata<tcpm_port>(pdev)
  WRITE_ONCE(port, 'going_away', 1) // timer and work start each other: neither may any more
  hrtimer_cancel(port.state_timer)
  kthread_destroy_worker(port.wq)
  hrtimer_cancel(port.state_timer) // work that had passed its test may have armed it again
  pci_disable_device(pdev)
  kfree(port)
}

const tcpm_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'tcpm', id_table: tcpm_ids, probe: tcpm_probe, remove: tcpm_remove })
