import { pr_info } from 'linux/printk'
import { GFP_KERNEL, KBox } from 'rust/alloc'
import type { Bound, Core, Device } from 'rust/device'
import { Devres } from 'rust/devres'
import { Flags, IrqReturn, Registration, ThreadedIrqReturn, ThreadedRegistration } from 'rust/irq'
import { move } from 'rust/mem'
import * as pci from 'rust/pci'
import { Arc } from 'rust/sync'

const EDU_SIZE = 0x100
const EDU_FACTORIAL = 0x08
const EDU_STATUS = 0x20
const EDU_STATUS_IRQ = 0x80
const EDU_IRQ_STATUS = 0x24
const EDU_IRQ_ACK = 0x64

/** One result of the device, kept for later. */
class Result {
  constructor(readonly value: number) {}
}

class Handler {
  constructor(readonly bar: Arc<Devres<pci.Bar>>) {}

  handle(dev: Device<Bound>) {
    using bar = this.bar.value.try_access()
    if (!bar) return ThreadedIrqReturn.None
    const status = bar.value.read32(EDU_IRQ_STATUS)
    if (!status) return ThreadedIrqReturn.None
    bar.value.write32(status, EDU_IRQ_ACK)
    return ThreadedIrqReturn.WakeThread
  }

  handle_threaded(dev: Device<Bound>) {
    using bar = this.bar.value.try_access()
    if (!bar) return IrqReturn.None
    const value = bar.value.read32(EDU_FACTORIAL)
    try {
      using result = KBox.new(new Result(value), GFP_KERNEL) // may sleep, and the guard is still there
      pr_info('edu: result %d\n', result.value.value)
    } catch {
      pr_info('edu: no memory for a result\n')
    }
    return IrqReturn.Handled
  }
}

class Edu {
  static ID_TABLE = [pci.DeviceId.from_id(0x1234, 0x11e8)]

  constructor(readonly irq: Registration<Handler>, readonly bar: Arc<Devres<pci.Bar>>) {}

  static probe(pdev: pci.Device<Core>) {
    pdev.enable_device_mem()
    pdev.set_master()
    using bar = Arc.new(pdev.iomap_region_sized(0, 'edu', EDU_SIZE).into_devres(), GFP_KERNEL)
    const [vector] = pdev.alloc_irq_vectors(1, 1, pci.IrqType.Msi)
    const handler = new Handler(bar.clone())
    using irq = ThreadedRegistration.new(vector!.into(), Flags.TRIGGER_NONE, 'edu', handler)
    const registers = bar.value.access(pdev)
    registers.write32(EDU_STATUS_IRQ, EDU_STATUS)
    registers.write32(5, EDU_FACTORIAL)
    return new Edu(move(irq), move(bar))
  }

  static unbind(pdev: pci.Device<Core>, self: Edu) {
    self.bar.value.access(pdev).write32(0, EDU_STATUS)
  }
}

pci.module_pci_driver({ type: Edu, name: 'edu' })
