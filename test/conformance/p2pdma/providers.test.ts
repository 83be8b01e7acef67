import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { hostBridge } from '../../../src-sim/kernel/pci/p2pdma-route'
import { requestAcs } from '../../../src-sim/kernel/pci/acs'
import * as d from '../../../src-sim/linux/device'
import { EINVAL, EOPNOTSUPP } from '../../../src-sim/linux/errno'
import { readl, writel } from '../../../src-sim/linux/io'
import * as pci from '../../../src-sim/linux/pci'
import * as p2p from '../../../src-sim/linux/pci-p2pdma'
import { cat } from '../../../src-sim/linux/klab/scenario'
import { msleep } from '../../../src-sim/linux/delay'
import { sim } from '../../sim/harness'
import { APART, bootCards, copyCards, playAll, SWITCHED } from './p2p-kit'

const CLIENT = 'client 0000:04:00.0'

test('P2P-01: a provider for each memory BAR, none before the init and none without a BAR', () => {
  const k = playAll(function* (kit) {
    const { provider } = yield* bootCards(kit)
    expect(p2p.pcim_p2pdma_provider(provider, 2)).toBe(null)
    expect(kit.kinds).toEqual(['warn.p2pdma-not-ready'])
    expect(yield* sim(p2p.pcim_p2pdma_init(provider))).toBe(0)
    expect(yield* sim(p2p.pcim_p2pdma_init(provider))).toBe(0)
    const own = p2p.pcim_p2pdma_provider(provider, 2)!
    expect([own.owner, own.bus_offset]).toEqual([provider.dev, 0])
    expect(p2p.pcim_p2pdma_provider(provider, 1)).toBe(null)
    expect(p2p.pcim_p2pdma_provider(provider, 2)).toBe(own)
  })
  expect(k.kinds).toEqual(['warn.p2pdma-not-ready'])
})

test('P2P-01: BARs that must not be mapped make no providers', () => {
  playAll(function* (kit) {
    const { provider } = yield* bootCards(kit)
    provider.non_mappable_bars = 1
    expect(yield* sim(p2p.pcim_p2pdma_init(provider))).toBe(-EOPNOTSUPP)
    expect(p2p.pcim_p2pdma_provider(provider, 2)).toBe(null)
  })
})

test('P2P-01: providers are gone when the driver is, and make no answers any more', () => {
  playAll(function* (kit) {
    const { provider, client } = yield* bootCards(kit)
    yield* sim(p2p.pcim_p2pdma_init(provider))
    const own = p2p.pcim_p2pdma_provider(provider, 2)!
    expect(p2p.pci_p2pdma_map_type(own, client.dev)).toBe(p2p.PCI_P2PDMA_MAP_BUS_ADDR)
    yield* sim(d.device_release_driver(provider.dev))
    expect(p2p.pci_p2pdma_map_type(own, client.dev)).toBe(p2p.PCI_P2PDMA_MAP_NOT_SUPPORTED)
  })
})

test('P2P-02: what can be added, and what the log and the files say', () => {
  const k = playAll(function* (kit) {
    const { provider } = yield* bootCards(kit)
    const add = p2p.pci_p2pdma_add_resource
    expect(yield* sim(add(provider, 1, 0, 0))).toBe(-EINVAL)
    expect(yield* sim(add(provider, 2, 0, 0x10000))).toBe(-EINVAL)
    expect(yield* sim(add(provider, 2, 0x8001, 0x8000))).toBe(-EINVAL)
    expect(yield* sim(add(provider, 2, 0, 0x4000))).toBe(0)
    const start = provider.resource[2]!.start
    expect(kit.dmesg.at(-1)).toBe(
      `provider 0000:03:00.0: added peer-to-peer DMA memory 0x${(start + 0x4000).toString(16)}-0x${(start + 0xffff).toString(16)}`,
    )
    const memory = (yield* sim(p2p.pci_alloc_p2pmem(provider, 5000))) as number
    const dir = '/sys/bus/pci/devices/0000:03:00.0/p2pmem'
    const files = []
    for (const name of ['size', 'available', 'published'])
      files.push(yield* sim(cat(`${dir}/${name}`)))
    expect(files).toEqual(['49152\n', '40960\n', '0\n'])
    writel(0x12345678, memory + 4096)
    expect(readl(memory + 4096)).toBe(0x12345678)
    expect(p2p.pci_p2pmem_virt_to_bus(provider, memory)).toBe(start + 0x4000)
    expect(yield* sim(p2p.pci_alloc_p2pmem(provider, 0xb000))).toBe(0)
    yield* sim(p2p.pci_free_p2pmem(provider, memory, 5000))
    expect(yield* sim(p2p.pci_alloc_p2pmem(provider, 0xb000))).not.toBe(0)
  })
  expect(k.kinds).toEqual([])
})

test('P2P-02: unbinding waits until everything is back, and hands out nothing meanwhile', () => {
  const k = playAll(function* (kit) {
    const { provider } = yield* bootCards(kit)
    yield* sim(p2p.pci_p2pdma_add_resource(provider, 2, 0, 0))
    const memory = (yield* sim(p2p.pci_alloc_p2pmem(provider, 4096))) as number
    const unbind = function* (): Sim {
      yield* sim(d.device_release_driver(provider.dev))
      kit.say('unbound')
    }
    kit.machine.spawn('unbind', unbind(), { kernel: true })
    yield* sim(msleep(1000))
    kit.say('back')
    expect(yield* sim(p2p.pci_alloc_p2pmem(provider, 4096))).toBe(0)
    yield* sim(p2p.pci_free_p2pmem(provider, memory, 4096))
    yield* sim(msleep(100))
  })
  expect(k.log).toEqual(['remove', 'back', 'unbound'])
})

test('P2P-03, P2P-04: below one switch without redirects the bus address leads there', () => {
  const k = playAll(function* (kit) {
    const { provider, client } = yield* bootCards(kit)
    yield* sim(p2p.pcim_p2pdma_init(provider))
    const own = p2p.pcim_p2pdma_provider(provider, 2)!
    expect(p2p.pci_p2pdma_map_type(own, client.dev)).toBe(p2p.PCI_P2PDMA_MAP_BUS_ADDR)
    expect(p2p.pci_p2pdma_distance(provider, client.dev, true)).toBe(4)
    expect(p2p.pci_p2pdma_distance(provider, provider.dev, true)).toBe(0)
    expect(p2p.pci_p2pdma_distance_many(provider, [client.dev, client.dev], 2, true)).toBe(8)
    expect(p2p.pci_p2pdma_distance_many(provider, [], 0, true)).toBe(-1)
    const start = provider.resource[2]!.start
    expect(copyCards[0]!.dma_write(start + 16, Uint8Array.of(1, 2, 3, 4, 5))).toBe(true)
    expect([...copyCards[0]!.dma_read(start + 15, 7)!]).toEqual([0, 1, 2, 3, 4, 5, 0])
  })
  expect(k.dmesg.filter((l) => l.includes('peer'))).toEqual([])
})

test('P2P-03, P2P-04: redirects send it to the root, which is not known to forward', () => {
  const k = playAll(function* (kit) {
    requestAcs(kit.machine)
    const { provider, client } = yield* bootCards(kit)
    yield* sim(p2p.pcim_p2pdma_init(provider))
    const own = p2p.pcim_p2pdma_provider(provider, 2)!
    const types = () => p2p.pci_p2pdma_map_type(own, client.dev)
    expect([types(), types()]).toEqual([2, 2])
  })
  expect(k.dmesg.filter((l) => /ACS|peer|bridge/i.test(l))).toEqual([
    `${CLIENT}: ACS redirect is set between the client and provider (0000:03:00.0)`,
    `${CLIENT}: to disable ACS redirect for this path, add the kernel parameter: pci=disable_acs_redir=0000:02:00.0;0000:02:01.0`,
    'pci 0000:00:00.0: Host bridge not in P2PDMA whitelist: 8086:29c0',
    `${CLIENT}: cannot be used for peer-to-peer DMA as the client and provider (0000:03:00.0) do not share an upstream bridge or whitelisted host bridge`,
  ])
})

test('P2P-03: an answer stays until somebody asks for the distance', () => {
  playAll(function* (kit) {
    requestAcs(kit.machine)
    const { provider, client } = yield* bootCards(kit)
    yield* sim(p2p.pcim_p2pdma_init(provider))
    const own = p2p.pcim_p2pdma_provider(provider, 2)!
    expect(p2p.pci_p2pdma_map_type(own, client.dev)).toBe(p2p.PCI_P2PDMA_MAP_NOT_SUPPORTED)
    for (const port of [provider, client].map((p) => p.bus!.self!)) {
      const at = pci.pci_find_ext_capability(port, pci.PCI_EXT_CAP_ID_ACS)
      pci.pci_write_config_word(port, at + pci.PCI_ACS_CTRL, 0)
    }
    expect(p2p.pci_p2pdma_map_type(own, client.dev)).toBe(p2p.PCI_P2PDMA_MAP_NOT_SUPPORTED)
    expect(p2p.pci_p2pdma_distance(provider, client.dev, false)).toBe(4)
    expect(p2p.pci_p2pdma_map_type(own, client.dev)).toBe(p2p.PCI_P2PDMA_MAP_BUS_ADDR)
  })
})

test('P2P-03: a host bridge of the list leads through the root', () => {
  const k = playAll(function* (kit) {
    Object.assign(hostBridge(kit.machine), { vendor: 0x8086, device: 0x2030 })
    const { provider, client } = yield* bootCards(kit, APART)
    yield* sim(p2p.pcim_p2pdma_init(provider))
    const own = p2p.pcim_p2pdma_provider(provider, 2)!
    expect(p2p.pci_p2pdma_map_type(own, client.dev)).toBe(p2p.PCI_P2PDMA_MAP_THRU_HOST_BRIDGE)
    expect(p2p.pci_p2pdma_distance(provider, client.dev, true)).toBe(4)
  })
  expect(k.dmesg.filter((l) => /peer|bridge/i.test(l))).toEqual([])
})

test('P2P-04: not for two root ports, and not for what is no PCI device', () => {
  const k = playAll(function* (kit) {
    const { provider, client } = yield* bootCards(kit, APART)
    expect(p2p.pci_p2pdma_distance(provider, client.dev, true)).toBe(-1)
    const other = new d.device()
    other.kobj.name = 'thing'
    expect(p2p.pci_p2pdma_distance(provider, other, true)).toBe(-1)
    yield* sim(p2p.pcim_p2pdma_init(provider))
    const own = p2p.pcim_p2pdma_provider(provider, 2)!
    expect(p2p.pci_p2pdma_map_type(own, other)).toBe(p2p.PCI_P2PDMA_MAP_NOT_SUPPORTED)
  })
  expect(k.dmesg.filter((l) => l.includes('peer'))).toEqual([
    `${CLIENT}: cannot be used for peer-to-peer DMA as the client and provider (0000:03:00.0) do not share an upstream bridge or whitelisted host bridge`,
    ' thing: cannot be used for peer-to-peer DMA as it is not a PCI device',
  ])
})

test('P2P-04: the nearest published memory is found', () => {
  playAll(function* (kit) {
    const { provider, client } = yield* bootCards(kit, SWITCHED)
    yield* sim(p2p.pci_p2pdma_add_resource(provider, 2, 0, 0))
    expect(p2p.pci_p2pmem_find(client.dev)).toBe(null)
    p2p.pci_p2pmem_publish(provider, true)
    expect(p2p.pci_p2pmem_find(client.dev)).toBe(provider)
    expect(p2p.pci_has_p2pmem(provider)).toBe(true)
    yield* sim(pci.pci_dev_put(provider))
  })
})
