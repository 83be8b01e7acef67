import { GFP_KERNEL } from 'rust/alloc'
import { dev_info, type Bound, type Core, type Device } from 'rust/device'
import { Devres } from 'rust/devres'
import { IrqReturn, type Registration } from 'rust/irq'
import { drop, move } from 'rust/mem'
import * as pci from 'rust/pci'
import { Arc } from 'rust/sync'
import { ARef } from 'rust/types'
import { new_work, system } from 'rust/workqueue'

const EDU_SIZE = 0x100
const EDU_IRQ_STATUS = 0x24
const EDU_IRQ_RAISE = 0x60
const EDU_IRQ_ACK = 0x64

/** Shared by the driver, the handler and the queue: it lives until the last of them lets go. */
class Demo {
  work = new_work('Demo::run', Demo.run)
  handled = 0

  constructor(readonly pdev: ARef<pci.Device>, readonly bar: Devres<pci.Bar>) {}

  /** May run after unbind: it asks before it touches the registers. */
  static run(self: Arc<Demo>) {
    using bar = self.value.bar.try_access()
    if (!bar) return
    self.value.handled++
    dev_info(self.value.pdev.value, `interrupt ${self.value.handled} handled`)
  }
}

class Handler {
  constructor(readonly demo: Arc<Demo>) {}

  /** Unbinding frees the line first: here the device is bound, and there is nothing to ask. */
  handle(dev: Device<Bound>) {
    const bar = this.demo.value.bar.access(dev)
    const status = bar.read32(EDU_IRQ_STATUS)
    if (!status) return IrqReturn.None
    bar.write32(status, EDU_IRQ_ACK)
    drop(system().enqueue(this.demo.clone()))
    return IrqReturn.Handled
  }
}

/** Dropped field by field after unbind: first the interrupt, then our share of the data. */
class DemoDriver {
  static ID_TABLE = [pci.DeviceId.from_id(0x1234, 0x11e8)]

  constructor(readonly irq: Registration<Handler>, readonly demo: Arc<Demo>) {}

  static probe(pdev: pci.Device<Core>) {
    pdev.enable_device_mem()
    pdev.set_master()
    const bar = pdev.iomap_region_sized(0, 'demo', EDU_SIZE).into_devres()
    using demo = Arc.new(new Demo(pdev.into(), bar), GFP_KERNEL)
    const [vector] = pdev.alloc_irq_vectors(1, 1, pci.IrqType.All)
    const irq = pdev.request_irq(vector!, 0, 'demo', new Handler(demo.clone()))
    demo.value.bar.access(pdev).write32(1, EDU_IRQ_RAISE)
    return new DemoDriver(irq, move(demo))
  }

  /** The last chance to quiet the device. */
  static unbind(pdev: pci.Device<Core>, self: DemoDriver) {
    self.irq.synchronize(pdev)
  }
}

pci.module_pci_driver({ type: DemoDriver, name: 'demo' })
