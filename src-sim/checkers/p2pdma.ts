import type { Machine } from '../engine/machine'
import { now } from '../engine/current'
import { device } from '../kernel/base/device'
import { deviceCore } from '../kernel/base/core'
import { pci_dev } from '../kernel/pci/pci-dev'
import { peerTraffic, type PeerAccess } from '../kernel/pci/peer-port'
import { report, takeStack } from '../kernel/report'
import type { RawStack } from '../engine/finding'

/**
 * What Linux cannot see: a device that still uses the memory of another one which has gone to
 * sleep, was switched off, or has lost the driver that offered it.
 */
export function attachP2pdma(machine: Machine): void {
  const unbound = new WeakMap<object, RawStack>()
  peerTraffic.whenUsed(machine, ({ on }) =>
    on.access.add((access) => judge(machine, access, unbound)),
  )
  deviceCore.whenUsed(machine, ({ on }) => {
    on.state.add((dev, state) => {
      if (state === 'no driver') unbound.set(dev, takeStack(machine))
    })
  })
}

const hex = (n: number): string => `0x${n.toString(16)}`
const nameOf = (who: object): string =>
  who instanceof device || who instanceof pci_dev ? who.$label : 'a device'

function judge(machine: Machine, access: PeerAccess, unbound: WeakMap<object, RawStack>): void {
  const { device: who, target, address, length, write, dead } = access
  const gone = target.driver === null && unbound.has(target.dev)
  if (!dead && !gone) return
  const since = unbound.get(target.dev)
  const what = write ? 'writes to' : 'reads from'
  report(machine, {
    kind: dead ? 'p2p.dead-target' : 'p2p.provider-gone',
    title: `klab: p2p: ${nameOf(who)} ${what} ${target.$label}, ${dead ? 'which does not answer' : 'whose driver is gone'}`,
    details: [
      `${length} bytes at ${hex(address)}`,
      dead
        ? 'Reads give all ones and writes vanish; nobody is told.'
        : 'Providers end with their driver: all mappings must be gone before remove() returns.',
    ],
    stacks: gone && since ? [{ role: 'unbound', stack: since }] : [],
    objects: [target, who],
    rules: dead ? ['P2P-09', 'MM-15'] : ['P2P-01'],
    at: takeStack(machine, now.exec, ''),
    help: 'p2p-lifetime',
  })
}
