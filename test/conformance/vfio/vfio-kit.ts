import type { Sim } from '../../../src-sim/engine/suspend'
import { setUpHardware, setUpIommu, type MachineSpec } from '../../../src-sim/hardware/set-up'
import { armIommu } from '../../../src-sim/kernel/iommu/register'
import { plug } from '../../../src-sim/kernel/pci/scan'
import { vfio_pci_core_device } from '../../../src-sim/kernel/vfio/pci-core'
import * as pci from '../../../src-sim/linux/pci'
import * as libc from '../../../src-sim/linux/user/libc'
import * as v from '../../../src-sim/linux/vfio_pci_core'
import { sim } from '../../sim/harness'
import type { Kit } from '../device-model/kit'
import { CopyCard, copyCards, MemoryCard, playAll } from '../p2pdma/p2p-kit'
import { anonymous, PAGE } from '../iommufd/iommufd-kit'

export { anonymous, PAGE }
export const IOVA = 0x1000_0000

/** Two cards behind an IOMMU, in groups of their own. */
const SPEC: MachineSpec = {
  pci: [
    { slot: '01:00.0', model: MemoryCard },
    { slot: '02:00.0', model: CopyCard },
  ],
}

export interface Vfio {
  kit: Kit
  /** The card with memory and the one that copies. */
  cards: vfio_pci_core_device[]
  copy: CopyCard
}

/** Plays with two cards that belong to a VFIO driver. */
export function withVfio(body: (t: Vfio) => Sim): Kit {
  return playAll(function* (kit) {
    const m = kit.machine
    copyCards.length = 0
    setUpIommu(m, 'lazy')
    for (const slot of setUpHardware(m, SPEC)) yield* plug(m, slot)
    armIommu(m)
    const cards: vfio_pci_core_device[] = []
    yield* sim(pci.pci_register_driver(driver(cards)))
    yield* body({ kit, cards, copy: copyCards[0]! })
  })
}

function driver(cards: vfio_pci_core_device[]): pci.pci_driver_init {
  return {
    name: 'vfio-pci',
    driver_managed_dma: true,
    id_table: [pci.PCI_DEVICE(0x1234, 0x2222), pci.PCI_DEVICE(0x1234, 0x3333)],
    probe: function* (pdev: pci.pci_dev): Sim<number> {
      const vdev = v.vfio_alloc_device(vfio_pci_core_device, 'vdev', pdev, v.vfio_pci_ops('vfio-pci'))
      pci.pci_set_drvdata(pdev, vdev)
      cards.push(vdev)
      return yield* sim(v.vfio_pci_core_register_device(vdev))
    },
    remove: function* (pdev: pci.pci_dev): Sim {
      yield* sim(v.vfio_pci_core_unregister_device(pci.pci_get_drvdata(pdev)))
    },
  } as never
}

/** 0 or what was asked for, or -errno. */
export function* io(fd: number, cmd: number, arg: unknown): Sim<number> {
  const ret = (yield* sim(libc.ioctl(fd, cmd, arg))) as number
  return ret < 0 ? -libc.errno() : ret
}

export function* open(path: string): Sim<number> {
  const fd = (yield* sim(libc.open(path, libc.O_RDWR))) as number
  return fd < 0 ? -libc.errno() : fd
}

/** A container with the groups of both cards, and the descriptors of both. */
export function* container(t: Vfio): Sim<{ fd: number; groups: number[]; devices: number[] }> {
  const fd = yield* open('/dev/vfio/vfio')
  const groups: number[] = []
  for (const { dev } of t.cards) {
    const group = yield* open(`/dev/vfio/${dev.iommu_group!.id}`)
    expectOk(yield* io(group, v.VFIO_GROUP_SET_CONTAINER, { value: fd }), 'set container')
    groups.push(group)
  }
  expectOk(yield* io(fd, v.VFIO_SET_IOMMU, v.VFIO_TYPE1v2_IOMMU), 'set iommu')
  const devices: number[] = []
  for (const [i, { dev }] of t.cards.entries())
    devices.push(yield* io(groups[i]!, v.VFIO_GROUP_GET_DEVICE_FD, dev.kobj.name))
  return { fd, groups, devices }
}

function expectOk(ret: number, what: string): void {
  if (ret < 0) throw new Error(`${what}: ${ret}`)
}

/** MAP_DMA for reading and writing. */
export const mapDma = (fd: number, vaddr: number, iova: number, size: number, flags = 3): Sim<number> =>
  io(fd, v.VFIO_IOMMU_MAP_DMA, { argsz: 32, flags, vaddr, iova, size })

export function* unmapDma(fd: number, iova: number, size: number, flags = 0): Sim<number> {
  const args = { argsz: 24, flags, iova, size }
  return (yield* io(fd, v.VFIO_IOMMU_UNMAP_DMA, args)) || args.size
}

/** Writes the command register of a device through its descriptor. */
export function* command(fd: number, value: number): Sim {
  yield* sim(libc.lseek(fd, v.VFIO_PCI_CONFIG_REGION_INDEX * v.VFIO_PCI_OFFSET + 4, 0))
  yield* sim(libc.write(fd, Uint8Array.of(value & 0xff, value >> 8), 2))
}
