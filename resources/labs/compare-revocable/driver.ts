import { completion, complete, init_completion, reinit_completion, wait_for_completion_interruptible_timeout } from 'linux/completion'
import { DMA_BIT_MASK } from 'linux/dma-mapping'
import { usleep_range } from 'linux/delay'
import type { file } from 'linux/fs'
import { HZ } from 'linux/jiffies'
import type { dma_addr_t } from 'linux/types'
import { GFP_KERNEL } from 'rust/alloc'
import type { Bound, Core, Device } from 'rust/device'
import { Devres } from 'rust/devres'
import { Coherent } from 'rust/dma'
import { code, to_result } from 'rust/error'
import { HrTimer, HrTimerRestart, new_hrtimer, type ArcBorrow, type ArcHrTimerHandle, type HrTimerCallbackContext } from 'rust/hrtimer'
import { IrqReturn, type Registration } from 'rust/irq'
import { drop, move } from 'rust/mem'
import { MiscDeviceRegistration } from 'rust/miscdevice'
import * as pci from 'rust/pci'
import { Arc, new_mutex } from 'rust/sync'
import { ScopeGuard } from 'rust/types'
import { new_work, system } from 'rust/workqueue'
import { EDU_COPY, EDU_FACTORIAL, EDU_IDENT, EDU_RAISE, EDU_START_COPY } from './commands'
import { DEVICE_BUFFER, DMA_COMMAND, DMA_COUNT, DMA_DESTINATION, DMA_SOURCE, FACTORIAL, ID, IRQ_ACK, IRQ_RAISE, IRQ_STATUS, STATUS, TO_MEMORY_WITH_IRQ } from './registers'

/**
 * The model: memory is shared by counting, and everything that belongs to the binding sits in a
 * Devres, which unbinding empties. Whoever wants the registers asks, each time, and must not sleep
 * until he has given them back. No pointer ever dangles, no register is touched too late. But the
 * address of the buffer is a number: once the device has it, no bracket around code protects the
 * memory behind it. Nor does anybody keep the module's text for open files and queued work.
 */
const BUFFER = 256
const HEARTBEAT_NS = 25_000_000
const GONE = 0xffffffff

class Edu {
  lock = new_mutex(0, 'edu')
  done = new completion()
  work = new_work('Edu::fetch', (self: Arc<Edu>) => Edu.fetch(self))
  heartbeat = new_hrtimer('Edu::beat', (self: ArcBorrow<Edu>, context: HrTimerCallbackContext) => Edu.beat(self, context))
  result = 0
  beats = 0

  constructor(
    readonly regs: Devres<pci.Bar>,
    readonly buffer: Devres<Coherent>,
    readonly handle: dma_addr_t,
  ) {
    init_completion(this.done)
  }

  /** The registers are asked for after the sleep, not before: a guard must not sleep. */
  static fetch(self: Arc<Edu>) {
    usleep_range(10000, 12000)
    using regs = self.value.regs.try_access()
    if (!regs) return
    self.value.result = regs.value.read32(FACTORIAL)
    complete(self.value.done)
  }

  static beat(self: ArcBorrow<Edu>, context: HrTimerCallbackContext) {
    using regs = self.value.regs.try_access()
    if (!regs) return HrTimerRestart.NoRestart
    if (regs.value.read32(ID) !== GONE) self.value.beats++
    context.forward_now(HEARTBEAT_NS)
    return HrTimerRestart.Restart
  }

  call(command: number, value: number) {
    if (command === EDU_IDENT) return this.ident()
    if (command === EDU_RAISE) {
      using regs = this.regs.try_access()
      if (!regs) throw code.ENODEV
      regs.value.write32(1, IRQ_RAISE)
      return 0
    }
    if (command !== EDU_FACTORIAL && command !== EDU_COPY && command !== EDU_START_COPY) throw code.ENOTTY
    return this.transfer(command, value)
  }

  ident() {
    using regs = this.regs.try_access()
    if (!regs) throw code.ENODEV
    const id = regs.value.read32(ID)
    if (id === GONE) throw code.ENODEV
    return id & 0xff
  }

  /** One permission to start, none while it waits, another one for the result. */
  transfer(command: number, value: number) {
    using guard = this.lock.lock()
    reinit_completion(this.done)
    this.start(command, value)
    if (command === EDU_START_COPY) return 0
    const left = wait_for_completion_interruptible_timeout(this.done, HZ)
    to_result(left)
    if (left === 0) throw code.ETIMEDOUT
    if (command === EDU_FACTORIAL) return this.result
    using buffer = this.buffer.try_access()
    if (!buffer) throw code.ENODEV
    return buffer.value.read(0)
  }

  start(command: number, value: number) {
    using regs = this.regs.try_access()
    if (!regs) throw code.ENODEV
    if (command === EDU_FACTORIAL) {
      regs.value.write32(0x80, STATUS)
      regs.value.write32(value, FACTORIAL)
      return
    }
    regs.value.write32(DEVICE_BUFFER, DMA_SOURCE)
    regs.value.write32(this.handle, DMA_DESTINATION)
    regs.value.write32(BUFFER, DMA_COUNT)
    regs.value.write32(TO_MEMORY_WITH_IRQ, DMA_COMMAND)
  }
}

/** The handler runs only while the device is bound, and can prove it: no asking here. */
class EduIrq {
  constructor(readonly edu: Arc<Edu>) {}

  handle(dev: Device<Bound>) {
    const regs = this.edu.value.regs.access(dev)
    const status = regs.read32(IRQ_STATUS)
    if (status === 0 || status === GONE) return IrqReturn.None
    regs.write32(status, IRQ_ACK)
    drop(system().enqueue(this.edu.clone()))
    return IrqReturn.Handled
  }
}

/** What programs find when they open the node: there is no other way to it from there. */
let published: Arc<Edu> | null = null

function unpublish() {
  const last = published
  published = null
  drop(last)
}

class EduFile {
  static open(file: file, misc: MiscDeviceRegistration) {
    if (!published) throw code.ENODEV
    return published.clone()
  }

  static ioctl(edu: ArcBorrow<Edu>, file: file, command: number, value: number) {
    return edu.value.call(command, value)
  }
}

/** Dropped field by field in this order when the driver goes; after that devres. */
class EduDriver {
  static ID_TABLE = [pci.DeviceId.from_id(0x1234, 0x11e8)]

  constructor(
    readonly node: MiscDeviceRegistration,
    readonly publication: ScopeGuard,
    readonly heartbeat: ArcHrTimerHandle<Edu>,
    readonly irq: Registration<EduIrq>,
    readonly edu: Arc<Edu>,
  ) {}

  /** Nothing says here that the device must be stopped. The buffer is safe from us, not from it. */
  static probe(pdev: pci.Device<Core>): EduDriver {
    pdev.enable_device_mem()
    pdev.dma_set_mask_and_coherent(DMA_BIT_MASK(28))
    const coherent = Coherent.zeroed_slice(pdev.as_ref(), BUFFER, GFP_KERNEL)
    const handle = coherent.dma_handle()
    using buffer = Devres.new(pdev.as_ref(), coherent)
    using regs = pdev.iomap_region_sized(0, 'edu', 0x100).into_devres()
    using edu = Arc.new(new Edu(move(regs), move(buffer), handle), GFP_KERNEL)
    pdev.set_master()
    const [vector] = pdev.alloc_irq_vectors(1, 1, pci.IrqType.All)
    using irq = pdev.request_irq(vector, 0, 'edu', new EduIrq(edu.clone()))
    using heartbeat = HrTimer.start(edu.clone(), HEARTBEAT_NS)
    published = edu.clone()
    using publication = ScopeGuard.new(unpublish)
    using node = MiscDeviceRegistration.register({ name: 'edu' }, EduFile)
    return new EduDriver(move(node), move(publication), move(heartbeat), move(irq), move(edu))
  }
}

pci.module_pci_driver({ type: EduDriver, name: 'edu' })
