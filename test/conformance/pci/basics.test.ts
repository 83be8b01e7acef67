import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { setUpHardware, type MachineSpec } from '../../../src-sim/hardware/set-up'
import { plug } from '../../../src-sim/kernel/pci/scan'
import { physicalMemory } from '../../../src-sim/kernel/mm/physical'
import * as d from '../../../src-sim/linux/device'
import { EBUSY, EINVAL, EIO, ENODEV, ENOSPC, ERANGE } from '../../../src-sim/linux/errno'
import { msleep } from '../../../src-sim/linux/delay'
import { free_irq, IRQ_HANDLED, request_irq } from '../../../src-sim/linux/interrupt'
import { readb, readl, readw, writel, writeq } from '../../../src-sim/linux/io'
import * as pci from '../../../src-sim/linux/pci'
import {
  cat,
  echo,
  plug as plugAgain,
  press_button,
  surprise_remove,
  unplug,
} from '../../../src-sim/linux/klab/scenario'
import { ptr } from '../../../src-sim/linux/types'
import { IS_ERR } from '../../../src-sim/linux/err'
import { sim } from '../../sim/harness'
import { play, type Kit } from '../device-model/kit'

const SLOT = '01:00.0'
const NAME = '0000:01:00.0'
const EDU: MachineSpec = { pci: [{ slot: SLOT, model: 'edu' }] }
const ids = [pci.PCI_DEVICE(0x1234, 0x11e8)]

function* boot(kit: Kit, spec = EDU): Sim {
  for (const slot of setUpHardware(kit.machine, spec)) yield* plug(kit.machine, slot)
}

type Probe = (pdev: pci.pci_dev) => unknown

function driver(kit: Kit, probe: Probe = () => 0, more: object = {}): pci.pci_driver_init {
  return {
    name: 'drv',
    id_table: ids,
    probe: ((p: pci.pci_dev) => (kit.say('probe'), probe(p))) as () => number,
    remove: () => kit.say('remove'),
    ...more,
  }
}

/** Binds a driver and answers its device. */
function* bind(kit: Kit, probe?: Probe, more?: object): Sim<pci.pci_dev> {
  let found: pci.pci_dev | null = null
  yield* boot(kit)
  const drv = driver(kit, (p) => ((found = p), probe ? probe(p) : 0), more)
  yield* sim(pci.pci_register_driver(drv))
  return found!
}

const dword = (p: pci.pci_dev, at: number): [number, number] => {
  const v = ptr(0)
  return [pci.pci_read_config_dword(p, at, v), v.value]
}
const command = (p: pci.pci_dev): number => {
  const v = ptr(0)
  pci.pci_read_config_word(p, pci.PCI_COMMAND, v)
  return v.value
}

test('DM-22, DM-99: a positive answer of a PCI probe is a success with a warning', () => {
  const k = play(function* (kit) {
    const p = yield* bind(kit, () => 3)
    expect([d.device_is_bound(p.dev), p.driver?.name]).toEqual([true, 'drv'])
    yield* sim(d.device_release_driver(p.dev))
    expect(p.driver).toBe(null)
  })
  expect(k.dmesg).toContain(`drv ${NAME}: Driver probe function unexpectedly returned 3`)
})

test('DM-89: enabling counts; the last disable ends mastering and leaves decoding on', () => {
  const k = play(function* (kit) {
    const p = yield* bind(kit)
    expect([pci.pci_enable_device(p), pci.pci_enable_device(p), command(p)]).toEqual([0, 0, 2])
    pci.pci_set_master(p)
    pci.pci_disable_device(p)
    expect(command(p)).toBe(6)
    pci.pci_disable_device(p)
    expect(command(p)).toBe(2)
    pci.pci_disable_device(p)
  })
  expect(k.dmesg.filter((l) => l.includes('enabling'))).toEqual([
    `drv ${NAME}: enabling device (0000 -> 0002)`,
  ])
  expect(k.kinds).toEqual(['warn.pci-disable'])
})

test('DM-89, DM-90: unbinding leaves the device enabled and mastering', () => {
  play(function* (kit) {
    const p = yield* bind(kit, (pdev) => (pci.pci_enable_device(pdev), pci.pci_set_master(pdev), 0))
    yield* sim(d.device_release_driver(p.dev))
    expect(command(p)).toBe(6)
  })
})

test('DM-90: without mastering the device reaches no memory and sends no message', () => {
  const k = play(function* (kit) {
    let mmio = 0
    const p = yield* bind(kit, function* (pdev: pci.pci_dev): Sim<number> {
      pci.pci_enable_device(pdev)
      mmio = pci.pci_iomap(pdev, 0, 0)
      pci.pci_alloc_irq_vectors(pdev, 1, 1, pci.PCI_IRQ_MSI)
      const handler = (): number => (writel(1, mmio + 0x64), kit.say('irq'), IRQ_HANDLED)
      return yield* sim(request_irq(pci.pci_irq_vector(pdev, 0), handler, 0, 'drv', pdev))
    })
    const memory = physicalMemory(kit.machine)
    const page = memory.allocPages(1)!
    memory.view(page, 8)!.fill(7)
    const transfer = function* (): Sim {
      writeq(0x40000, mmio + 0x80)
      writeq(page, mmio + 0x88)
      writeq(8, mmio + 0x90)
      writeq(3, mmio + 0x98)
      yield* sim(msleep(150))
    }
    writel(1, mmio + 0x60)
    yield* transfer()
    expect([memory.view(page, 1)![0], kit.log.includes('irq')]).toEqual([7, false])
    writel(1, mmio + 0x64)
    pci.pci_set_master(p)
    writel(1, mmio + 0x60)
    yield* sim(msleep(1))
    expect(kit.log.filter((l) => l === 'irq').length).toBe(1)
  })
  expect(k.log[0]).toBe('probe')
})

test('DM-94: a claimed region is refused with a message; access needs no claim', () => {
  const k = play(function* (kit) {
    const p = yield* bind(kit)
    expect([pci.pci_request_regions(p, 'one'), pci.pci_request_region(p, 0, 'two')]).toEqual([
      0,
      -EBUSY,
    ])
    expect([pci.pci_request_region(p, 9, 'x'), pci.pci_request_region(p, 3, 'x')]).toEqual([
      -EINVAL,
      0,
    ])
    pci.pci_release_regions(p)
    expect(pci.pci_request_region(p, 0, 'two')).toBe(0)
  })
  expect(k.dmesg).toContain(`drv ${NAME}: BAR 0: can't reserve [mem 0xfe000000-0xfe0fffff]`)
})

test('DM-95: an access after iounmap is a page fault, a second iounmap is complained about', () => {
  const k = play(function* (kit) {
    const p = yield* bind(kit)
    pci.pci_enable_device(p)
    const mmio = pci.pci_iomap(p, 0, 0)
    expect(readl(mmio)).toBe(0x010000ed)
    pci.pci_iounmap(p, mmio)
    pci.pci_iounmap(p, mmio)
    readl(mmio)
  })
  expect(k.kinds).toEqual(['mmio.bad-unmap', 'mmio.fault'])
  expect(k.machine.findings[1]!.stacks.map((s) => s.role)).toEqual(['use', 'mapped', 'unmapped'])
})

test('DM-96, DM-97: after a surprise removal all reads are ones and remove still runs', () => {
  const k = play(function* (kit) {
    let mmio = 0
    const remove = (p: pci.pci_dev): void => {
      const [ret, value] = dword(p, 0)
      kit.say(
        `remove ${ret.toString(16)} ${value.toString(16)} ${readl(mmio).toString(16)} ${readb(mmio)} ${readw(mmio)}`,
      )
    }
    const p = yield* bind(
      kit,
      (pdev) => (pci.pci_enable_device(pdev), (mmio = pci.pci_iomap(pdev, 0, 0)), 0),
      { remove },
    )
    pci.pci_dev_get(p)
    expect(yield* sim(surprise_remove(SLOT))).toBe(0)
    expect([pci.pci_dev_is_disconnected(p), pci.pci_device_is_present(p)]).toEqual([true, false])
    expect(yield* sim(surprise_remove(SLOT))).toBe(-ENODEV)
  })
  expect(k.log).toEqual(['probe', 'remove 86 ffffffff ffffffff 255 65535'])
})

test('DM-97, DM-98: an orderly removed zombie reads what sits in its place now', () => {
  play(function* (kit) {
    const p = pci.pci_dev_get(yield* bind(kit))
    yield* sim(unplug(SLOT))
    expect([...dword(p, 0), pci.pci_dev_is_disconnected(p), pci.pci_enable_device(p)]).toEqual([
      0,
      0xffffffff,
      false,
      -EINVAL,
    ])
    yield* sim(plugAgain(SLOT))
    expect(dword(p, 0)).toEqual([0, 0x11e81234])
    expect(kit.log).toEqual(['probe', 'remove', 'probe'])
  })
})

test('DM-53, DM-98: sysfs remove and rescan: a new structure for the same hardware', () => {
  play(function* (kit) {
    const first = pci.pci_dev_get(yield* bind(kit))
    expect(yield* sim(echo(`/sys/bus/pci/devices/${NAME}/remove`, '1'))).toBe(1)
    expect([d.device_is_registered(first.dev), pci.pci_device_is_present(first)]).toEqual([
      false,
      true,
    ])
    expect(yield* sim(cat(`/sys/bus/pci/devices/${NAME}/vendor`))).toBe(-2)
    yield* sim(echo('/sys/bus/pci/rescan', '1'))
    expect(yield* sim(cat(`/sys/bus/pci/devices/${NAME}/vendor`))).toBe('0x1234\n')
    expect(kit.log).toEqual(['probe', 'remove', 'probe'])
  })
})

test('DM-98: the enable file: not while bound, not below zero', () => {
  play(function* (kit) {
    const p = yield* bind(kit)
    const file = `/sys/bus/pci/devices/${NAME}/enable`
    expect(yield* sim(echo(file, '1'))).toBe(-EBUSY)
    yield* sim(d.device_release_driver(p.dev))
    expect(yield* sim(echo(file, '0'))).toBe(-EIO)
    expect(yield* sim(echo(file, '1'))).toBe(1)
    expect(yield* sim(cat(file))).toBe('1\n')
  })
})

test('DM-100: managed: vectors, mapping, region, then disable, newest first', () => {
  play(function* (kit) {
    let mmio = 0
    const p = yield* bind(kit, (pdev) => {
      pci.pcim_enable_device(pdev)
      pci.pci_set_master(pdev)
      mmio = pci.pcim_iomap_region(pdev, 0, 'drv')
      pci.pci_alloc_irq_vectors(pdev, 1, 1, pci.PCI_IRQ_MSI)
      return 0
    })
    expect([readl(mmio), p.msi_enabled]).toEqual([0x010000ed, 1])
    expect(IS_ERR(pci.pcim_iomap_region(p, 0, 'again'))).toBe(true)
    yield* sim(d.device_release_driver(p.dev))
    expect([p.msi_enabled, pci.pci_is_enabled(p), command(p) & 4]).toEqual([0, false, 0])
    expect(pci.pci_request_regions(p, 'free')).toBe(0)
  })
})

test('DM-100: a plain request is not managed', () => {
  play(function* (kit) {
    const p = yield* bind(
      kit,
      (pdev) => (pci.pcim_enable_device(pdev), pci.pci_request_regions(pdev, 'drv')),
    )
    yield* sim(d.device_release_driver(p.dev))
    expect(yield* sim(d.device_attach(p.dev))).toBe(0)
  })
})

test('DM-101: what refuses message interrupts', () => {
  const k = play(function* (kit) {
    const p = yield* bind(kit)
    const alloc = (min: number, max: number, flags = pci.PCI_IRQ_MSI): number =>
      pci.pci_alloc_irq_vectors(p, min, max, flags)
    expect([alloc(0, 1), alloc(2, 1), alloc(2, 4)]).toEqual([-EINVAL, -ERANGE, -ENOSPC])
    expect([alloc(1, 4), alloc(1, 1)]).toEqual([1, -EINVAL])
    pci.pci_free_irq_vectors(p)
    expect([alloc(1, 1, pci.PCI_IRQ_MSIX), alloc(1, 1, pci.PCI_IRQ_INTX)]).toEqual([-EINVAL, 1])
  })
  expect(k.kinds).toEqual(['warn.msi-twice'])
})

test('INTx: the line stays up until the device is acknowledged, and can be cut off', () => {
  const k = play(function* (kit) {
    let mmio = 0
    const p = yield* bind(kit, function* (pdev: pci.pci_dev): Sim<number> {
      pci.pci_enable_device(pdev)
      mmio = pci.pci_iomap(pdev, 0, 0)
      const handler = (): number => {
        kit.say(`status ${readl(mmio + 0x24)}`)
        writel(readl(mmio + 0x24), mmio + 0x64)
        return IRQ_HANDLED
      }
      return yield* sim(request_irq(pdev.irq, handler, 0, 'drv', pdev))
    })
    writel(5, mmio + 0x60)
    yield* sim(msleep(1))
    pci.pci_intx(p, 0)
    writel(6, mmio + 0x60)
    yield* sim(msleep(1))
    yield* sim(free_irq(p.irq, p))
  })
  expect(k.log).toEqual(['probe', 'status 5'])
})

test('DM-104: a function reset stops DMA and keeps configuration space', () => {
  const k = play(function* (kit) {
    let mmio = 0
    const p = yield* bind(
      kit,
      (pdev) => (
        pci.pci_enable_device(pdev),
        pci.pci_set_master(pdev),
        (mmio = pci.pci_iomap(pdev, 0, 0)),
        0
      ),
    )
    writeq(8, mmio + 0x90)
    writeq(1, mmio + 0x98)
    expect(yield* sim(pci.pci_reset_function(p))).toBe(0)
    expect([readl(mmio + 0x98), command(p)]).toEqual([0, 6])
  })
  expect(k.dmesg).toEqual(
    expect.arrayContaining([`drv ${NAME}: resetting`, `drv ${NAME}: reset done`]),
  )
})

test('DM-112: a second press of the button cancels', () => {
  const k = play(function* (kit) {
    const p = yield* bind(kit)
    kit.machine.spawn(
      'second',
      (function* (): Sim {
        yield* sim(msleep(1000))
        yield* sim(press_button(SLOT))
      })(),
    )
    yield* sim(press_button(SLOT))
    expect(d.device_is_bound(p.dev)).toBe(true)
  })
  expect(k.dmesg).toContain(
    'pcieport 0000:00:05.0: pciehp: Slot(1): Button press: canceling request to power off',
  )
})

test('DM-30: unplugging runs in the interrupt thread of the port', () => {
  const k = play(function* (kit) {
    const remove = (): void =>
      kit.say(kit.machine.tasks.find((t) => t.onCpu && t.comm.startsWith('irq/'))?.comm ?? 'none')
    yield* bind(kit, undefined, { remove })
    yield* sim(unplug(SLOT))
  })
  expect(k.log).toEqual(['probe', 'irq/21-pciehp'])
})
