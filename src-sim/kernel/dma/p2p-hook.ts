import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import type { DmaDevice } from './dma-device'
import type { scatterlist } from './sg'

/**
 * What the memory of an entry is to a device: 'ram', registers of another device that are reached
 * through the host bridge ('host'), registers at a bus address (that number), or out of reach.
 */
export type PeerMap = 'ram' | 'host' | number | null

/** Set by the peer-to-peer code when it is used. */
export const peerMemory = service(() => ({
  mapOf: null as ((dev: DmaDevice, sg: scatterlist) => PeerMap) | null,
}))

export function p2pMapOf(dev: DmaDevice, sg: scatterlist): PeerMap {
  const { mapOf } = peerMemory(machine())
  return mapOf ? mapOf(dev, sg) : 'ram'
}
