import { Hook } from '../../base/disposable'
import { service } from '../../engine/service'
import type { DmaDevice } from './dma-device'
import type { MappingUse } from './mappings'
import type { scatterlist } from './sg'

/**
 * Where CONFIG_DMA_API_DEBUG listens: every call of the DMA API that it looks at, at the moment at
 * which it does so in Linux (before or after the work itself, DMA-46).
 */
export class DmaDebugHooks {
  /** Memory is about to be mapped by its address. */
  readonly mapSingle = new Hook<[DmaDevice, cpu: Uint8Array, size: number]>()
  /** A single mapping or an allocation has been made; `cpu` is null where nobody named it. */
  readonly mapped = new Hook<[MappingUse, cpu: Uint8Array | null]>()
  readonly unmap = new Hook<[MappingUse]>()
  readonly sync = new Hook<[MappingUse, forCpu: boolean]>()
  /** All entries of a list; `segments` is what the device got. */
  readonly mapSg = new Hook<
    [DmaDevice, readonly scatterlist[], segments: number, direction: number, attrs: number]
  >()
  readonly unmapSg = new Hook<
    [DmaDevice, readonly scatterlist[], direction: number, attrs: number]
  >()
  readonly syncSg = new Hook<
    [DmaDevice, readonly scatterlist[], direction: number, forCpu: boolean]
  >()
  /** The driver asks whether a mapping failed. */
  readonly mappingError = new Hook<[DmaDevice, dma: number]>()

  /** CONFIG_DMA_API_DEBUG is on. */
  get on(): boolean {
    return this.unmap.listened
  }
}

export const dmaDebugHooks = service(() => new DmaDebugHooks())
