import { container_of } from 'linux/container_of'
import { ENOMEM } from 'linux/errno'
import { free_irq, request_irq } from 'linux/interrupt'
import { THIS_MODULE } from 'linux/module'
import { module_pci_driver, pci_alloc_irq_vectors, pci_disable_device, pci_enable_device, pci_free_irq_vectors, pci_get_drvdata, pci_iomap, pci_iounmap, pci_irq_vector, PCI_IRQ_ALL_TYPES, pci_set_drvdata, pci_set_master, type pci_dev, type pci_device_id } from 'linux/pci'
import { timer_shutdown_sync } from 'linux/timer'
import { cancel_work_sync } from 'linux/workqueue'
import { ib_alloc_device, ib_dealloc_device, ib_device, ib_register_device, ib_set_device_ops, ib_unregister_device, type ib_device_ops, type ib_ucontext } from 'rdma/ib_verbs'
import { DECLARE_UVERBS_NAMED_METHOD, UVERBS_ID_DRIVER_NS, type uverbs_attr_bundle } from 'rdma/uverbs_ioctl'
import { EDU_COPY, EDU_FACTORIAL, EDU_IDENT, EDU_RAISE, EDU_START_COPY } from './commands'
import { edu, edu_alloc_buffer, edu_call, edu_free_buffer, edu_ids, edu_init, edu_irq, edu_quiesce, edu_start_heartbeat } from './edu'

/**
 * The model: files belong to the core, not to the driver. Each call runs inside the core's own
 * reader section, for its full length; ib_unregister_device() waits for them, then takes from each
 * open file what it has in the hardware. From then on the core answers -EIO by itself: the driver is
 * not called any more, so it needs no check, and its module can go while files are open.
 */
class edu_dev {
  ib = new ib_device()
  pdev!: pci_dev
  hw = new edu()
}

/** No check here: the core does not call a driver that is gone. */
function edu_verb(attrs: uverbs_attr_bundle, command: number) {
  const d = container_of(attrs.context!.device!, edu_dev, 'ib')
  return edu_call(d.hw, command, attrs.driver_udata.value)
}

const edu_verbs = [EDU_IDENT, EDU_FACTORIAL, EDU_COPY, EDU_START_COPY, EDU_RAISE].map((command) =>
  DECLARE_UVERBS_NAMED_METHOD(UVERBS_ID_DRIVER_NS + command, (attrs) => edu_verb(attrs, command)),
)

function edu_alloc_ucontext(context: ib_ucontext) {
  return 0
}
function edu_dealloc_ucontext(context: ib_ucontext) {}

/** That it exists is what counts: the driver can do without its programs. */
function edu_disassociate_ucontext(context: ib_ucontext) {}

const edu_ops: ib_device_ops = {
  owner: THIS_MODULE,
  alloc_ucontext: edu_alloc_ucontext,
  dealloc_ucontext: edu_dealloc_ucontext,
  disassociate_ucontext: edu_disassociate_ucontext,
  driver_def: edu_verbs,
}

function edu_start(pdev: pci_dev, d: edu_dev) {
  const ret = request_irq(pci_irq_vector(pdev, 0), edu_irq, 0, 'edu', d.hw)
  if (ret) return ret
  edu_start_heartbeat(d.hw)
  ib_set_device_ops(d.ib, edu_ops)
  d.ib.dev.parent = pdev.dev
  const error = ib_register_device(d.ib, 'edu%d', pdev.dev)
  if (error) edu_stop(pdev, d)
  return error
}

/** Ends the driver's own threads: the sources first. */
function edu_stop(pdev: pci_dev, d: edu_dev) {
  timer_shutdown_sync(d.hw.heartbeat)
  free_irq(pci_irq_vector(pdev, 0), d.hw)
  cancel_work_sync(d.hw.work)
}

function edu_free(pdev: pci_dev, d: edu_dev) {
  if (d.hw.mmio) edu_quiesce(pdev, d.hw)
  if (d.hw.buf) edu_free_buffer(pdev, d.hw)
  if (d.hw.mmio) pci_iounmap(pdev, d.hw.mmio)
  pci_disable_device(pdev)
  ib_dealloc_device(d.ib)
}

function edu_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pci_enable_device(pdev)
  if (ret) return ret
  const d = ib_alloc_device(edu_dev, 'ib')
  if (!d) {
    pci_disable_device(pdev)
    return -ENOMEM
  }
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
    pci_free_irq_vectors(pdev)
  }
  edu_free(pdev, d)
  return ret
}

function edu_remove(pdev: pci_dev) {
  const d = pci_get_drvdata<edu_dev>(pdev)
  ib_unregister_device(d.ib) // no program reaches the driver from here on
  edu_stop(pdev, d)
  pci_free_irq_vectors(pdev)
  edu_free(pdev, d)
}

module_pci_driver({ name: 'edu', id_table: edu_ids, probe: edu_probe, remove: edu_remove })
