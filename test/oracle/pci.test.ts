import { machine } from '../../src-sim/engine/current'
import type { Machine } from '../../src-sim/engine/machine'
import type { Sim } from '../../src-sim/engine/suspend'
import { setUpHardware } from '../../src-sim/hardware/set-up'
import { plug } from '../../src-sim/kernel/pci/scan'
import { kernelLog } from '../../src-sim/kernel/printk/log'
import { msleep } from '../../src-sim/linux/delay'
import { devm_add_action, device_is_registered } from '../../src-sim/linux/device'
import * as dma from '../../src-sim/linux/dma-mapping'
import { free_irq, IRQ_HANDLED, request_irq } from '../../src-sim/linux/interrupt'
import { readl, readq, writel, writeq } from '../../src-sim/linux/io'
import { kref_read } from '../../src-sim/linux/kref'
import * as pci from '../../src-sim/linux/pci'
import { ptr } from '../../src-sim/linux/types'
import { GFP_KERNEL, kzalloc } from '../../src-sim/linux/slab'
import * as libc from '../../src-sim/linux/user/libc'
import { press_button } from '../../src-sim/linux/klab/scenario'
import { sim } from '../sim/harness'
import { failure, moduleProbe, writeFile, type Klab } from './device-harness'

/** A machine with edu at 01:00.0, as the probes had. */
function setUp(m: Machine): void {
  for (const slot of setUpHardware(m, { pci: [{ slot: '01:00.0', model: 'edu' }] }))
    m.runtime.atomic(plug(m, slot))
}

const ids = [pci.PCI_DEVICE(0x1234, 0x11e8)]
let edu = 0

function enable(p: pci.pci_dev): number {
  const r = pci.pci_enable_device_mem(p)
  if (r) return r
  edu = pci.pci_iomap(p, 0, 0)
  pci.pci_set_master(p)
  return dma.dma_set_mask_and_coherent(p.dev, dma.DMA_BIT_MASK(28))
}

const SRC = 0x80
const DST = 0x88
const CNT = 0x90
const CMD = 0x98
const BUFFER = 0x40000

function* transfer(src: number, dst: number, count: number, toRam: boolean): Sim<number> {
  writeq(src, edu + SRC)
  writeq(dst, edu + DST)
  writeq(count, edu + CNT)
  writeq(toRam ? 3 : 1, edu + CMD)
  let n = 0
  while (readq(edu + CMD) & 1 && n++ < 1000) yield* sim(msleep(1))
  yield* sim(msleep(50))
  return n < 1000 ? 1 : 0
}

moduleProbe('edu-busmaster-off', {
  setUp,
  *init(klab) {
    const drv = {
      name: 'klabedu',
      id_table: ids,
      probe: function* (p: pci.pci_dev): Sim<number> {
        const b = kzalloc(4096, GFP_KERNEL)!
        const say = (): void => klab('data', 'buf=%c', b[0])
        klab('probe', 'enable=%d', enable(p))
        b[0] = 0x31
        const a = yield* sim(dma.dma_map_single(p.dev, b, 4096, dma.DMA_BIDIRECTIONAL))
        klab('map', 'error=%d', dma.dma_mapping_error(p.dev, a))
        klab('dma', 'read=%d', yield* transfer(a, BUFFER, 64, false))
        b[0] = 0x32
        pci.pci_clear_master(p)
        klab('dma', 'write_no_master=%d', yield* transfer(BUFFER, a, 64, true))
        say()
        pci.pci_set_master(p)
        klab('dma', 'write_master=%d', yield* transfer(BUFFER, a, 64, true))
        say()
        return 0
      } as unknown as () => number,
    }
    klab('register', 'ret=%d', yield* sim(pci.pci_register_driver(drv)))
  },
})

moduleProbe('hp-irq-not-freed', {
  setUp,
  *init(klab) {
    let n = 0
    const handler = (): number => {
      const status = readl(edu + 0x24)
      writel(status, edu + 0x64)
      klab('irq', 'status=0x%x', status)
      return IRQ_HANDLED
    }
    const drv = {
      name: 'klabedu',
      id_table: ids,
      probe: function* (p: pci.pci_dev): Sim<number> {
        n++
        klab('probe', 'n=%d enable=%d', n, enable(p))
        const r = pci.pci_alloc_irq_vectors(p, 1, 1, pci.PCI_IRQ_MSI)
        klab('vectors', 'ret=%d msi=%d', r, p.msi_enabled)
        klab(
          'request',
          'ret=%d',
          yield* sim(request_irq(pci.pci_irq_vector(p, 0), handler, 0, 'klabedu', p)),
        )
        writel(5, edu + 0x60)
        yield* sim(msleep(100))
        return 0
      } as unknown as () => number,
      remove: function* (p: pci.pci_dev): Sim {
        if (n === 2) yield* sim(free_irq(pci.pci_irq_vector(p, 0), p))
        klab('remove', 'n=%d free_vectors=call', n)
        pci.pci_free_irq_vectors(p)
        klab('remove', 'msi=%d', p.msi_enabled)
        pci.pci_disable_device(p)
      } as unknown as () => void,
    }
    klab('register', 'ret=%d', yield* sim(pci.pci_register_driver(drv)))
  },
  *user(klab) {
    const at = '/sys/bus/pci/drivers/klabedu'
    yield* writeFile(klab, `${at}/unbind`, '0000:01:00.0')
    yield* writeFile(klab, `${at}/bind`, '0000:01:00.0')
    yield* writeFile(klab, `${at}/unbind`, '0000:01:00.0')
  },
})

let kept: pci.pci_dev | null = null
let probes = 0

function keptConfig(): [number, number] {
  const v = ptr(0)
  return [pci.pci_read_config_dword(kept!, 0, v), v.value]
}

const hotplugDriver = (klab: Klab): pci.pci_driver_init => ({
  name: 'klabedu',
  id_table: ids,
  probe: (p) => {
    probes++
    klab('probe', 'n=%d name=%s same_dev_as_before=%d', probes, pci.pci_name(p), p === kept)
    const ret = enable(p)
    klab('probe', 'enable=%d id=0x%x', ret, readl(edu))
    devm_add_action(p.dev, () => klab('devres', 'action=1'), null)
    if (probes === 1) kept = pci.pci_dev_get(p)
    return 0
  },
  remove: (p) => {
    const v = ptr(0)
    const r = pci.pci_read_config_dword(p, 0, v)
    klab(
      'remove',
      'config_ret=%d config=0x%x disconnected=%d mmio=0x%x',
      r,
      v.value,
      pci.pci_dev_is_disconnected(p),
      readl(edu),
    )
    pci.pci_clear_master(p)
    pci.pci_disable_device(p)
  },
})

/**
 * The register read after removal is the emulated machine's matter, the IOMMU is another test's.
 */
const NOT_HERE = /Adding to iommu group|PCI bridge to/
let driver: pci.pci_driver_init

moduleProbe('hp-add-remove', {
  setUp(m) {
    kept = null
    probes = 0
    setUp(m)
  },
  without: NOT_HERE,
  *init(klab) {
    driver = hotplugDriver(klab)
    klab('register', 'ret=%d', yield* sim(pci.pci_register_driver(driver)))
  },
  *exit(klab) {
    const [r, v] = keptConfig()
    klab('exit', 'kept_config_ret=%d kept_config=0x%x probes=%d', r, v, probes)
    yield* sim(pci.pci_unregister_driver(driver))
  },
  *user(klab) {
    const log = kernelLog(machine())
    log.print(6, 'MONITOR device_del\n')
    yield* sim(press_button('01:00.0'))
    yield* sim(msleep(6000))
    const [r, v] = keptConfig()
    klab(
      'after_removal',
      'config_ret=%d config=0x%x disconnected=%d registered=%d refs=%u',
      r,
      v,
      pci.pci_dev_is_disconnected(kept!),
      device_is_registered(kept!.dev),
      kref_read(kept!.dev.kobj.kref),
    )
    const mmio = readl(edu)
    klab(
      'after_removal',
      'mmio=0x%x enable=%d',
      mmio === 0xffffffff ? 0 : mmio,
      pci.pci_enable_device(kept!),
    )
    log.print(6, 'MONITOR device_add\n')
    yield* sim(press_button('01:00.0'))
    yield* sim(msleep(9000))
    const ret = yield* sim(libc.delete_module('hp_add_remove'))
    klab('user', 'delete_module ret=%d errno=%d', ret, failure(ret))
  },
})
