import { usleep_range } from 'linux/delay'
import { DMA_BIT_MASK } from 'linux/dma-mapping'
import type { Core } from 'rust/device'
import { Coherent } from 'rust/dma'
import { GFP_KERNEL } from 'rust/alloc'
import { move } from 'rust/mem'
import * as pci from 'rust/pci'

const EDU_SIZE = 0x100
const DMA_SOURCE = 0x80
const DMA_DESTINATION = 0x88
const DMA_COUNT = 0x90
const DMA_COMMAND = 0x98
const DMA_START = 1
const ALL_ONES = 0xffffffff
const DMA_TO_MEMORY = 2
const DEVICE_BUFFER = 0x40000
const FRAME = 4096

class Capture {
  static ID_TABLE = [pci.DeviceId.from_id(0x1234, 0x11e8)]

  constructor(readonly bar: pci.Bar, readonly frame: Coherent) {}

  static probe(pdev: pci.Device<Core>) {
    pdev.enable_device_mem()
    pdev.dma_set_mask_and_coherent(DMA_BIT_MASK(28)) // the engine has no more address wires
    pdev.set_master()
    using bar = pdev.iomap_region_sized(0, 'edu_capture', EDU_SIZE)
    using frame = Coherent.zeroed_slice(pdev, FRAME, GFP_KERNEL)
    bar.write32(DEVICE_BUFFER, DMA_SOURCE)
    bar.write32(frame.dma_handle(), DMA_DESTINATION) // from here on the memory is the device's too
    bar.write32(FRAME, DMA_COUNT)
    bar.write32(DMA_START | DMA_TO_MEMORY, DMA_COMMAND)
    return new Capture(move(bar), move(frame))
  }

  /** Over when the device has let go of the frame, or is gone itself: then all bits read as one. */
  quiesce() {
    for (;;) {
      const command = this.bar.read32(DMA_COMMAND)
      if (command === ALL_ONES || !(command & DMA_START)) return
      usleep_range(1000, 2000)
    }
  }

  /** Nothing is dropped before this is over. */
  static unbind(pdev: pci.Device<Core>, self: Capture) {
    self.quiesce()
  }

  /** Also without unbind: the kernel may have no memory left to keep what probe() made. */
  drop() {
    this.quiesce()
  }
}

pci.module_pci_driver({ type: Capture, name: 'edu_capture' })
