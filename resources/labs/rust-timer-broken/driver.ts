import { pr_info } from 'linux/printk'
import { GFP_KERNEL } from 'rust/alloc'
import type { Core } from 'rust/device'
import { Devres } from 'rust/devres'
import { ArcBorrow, ArcHrTimerHandle, HrTimer, HrTimerCallbackContext, HrTimerRestart, new_hrtimer } from 'rust/hrtimer'
import { forget } from 'rust/mem'
import * as pci from 'rust/pci'
import { Arc } from 'rust/sync'

const EDU_SIZE = 0x100
const EDU_LIVENESS = 0x04
const BEAT_NS = 100_000_000

/** Shows every now and then that the device answers. */
class Heartbeat {
  beats = 0
  timer = new_hrtimer('Heartbeat::run', Heartbeat.run)

  constructor(readonly bar: Devres<pci.Bar>) {}

  static run(self: ArcBorrow<Heartbeat>, context: HrTimerCallbackContext) {
    using bar = self.value.bar.try_access()
    if (!bar) return HrTimerRestart.NoRestart
    bar.value.write32(++self.value.beats, EDU_LIVENESS)
    pr_info('edu: beat %d, answer %x\n', self.value.beats, bar.value.read32(EDU_LIVENESS))
    context.forward_now(BEAT_NS)
    return HrTimerRestart.Restart
  }
}

class Edu {
  static ID_TABLE = [pci.DeviceId.from_id(0x1234, 0x11e8)]

  constructor(readonly heartbeat: Arc<Heartbeat>) {}

  static probe(pdev: pci.Device<Core>) {
    pdev.enable_device_mem()
    const bar = pdev.iomap_region_sized(0, 'edu', EDU_SIZE).into_devres()
    const heartbeat = Arc.new(new Heartbeat(bar), GFP_KERNEL)
    forget(HrTimer.start(heartbeat.clone(), BEAT_NS)) // "it stops by itself when the device is gone"
    return new Edu(heartbeat)
  }
}

pci.module_pci_driver({ type: Edu, name: 'edu' })
