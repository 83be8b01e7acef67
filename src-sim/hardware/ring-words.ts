/** What the registers of a `ring_dma` hold. */
export interface RingWords {
  control: number
  irqStatus: number
  irqEnable: number
  /** Descriptors in the ring. */
  size: number
  base: number
  records: number
  /** The first descriptor that is not the engine's yet. */
  tail: number
  /** The next one that it fetches. */
  head: number
  failed: boolean
}

/** As they are after power-on. */
export const ringWords = (): RingWords => ({
  control: 0,
  irqStatus: 0,
  irqEnable: 0,
  size: 0,
  base: 0,
  records: 0,
  tail: 0,
  head: 0,
  failed: false,
})
