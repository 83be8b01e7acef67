import type { DmaMapping } from '../../kernel/dma/mappings'

/** The mark of a buffer that CPUs had better leave alone; `from` is where the mapping begins. */
export class OwnedByDevice {
  readonly mapping: DmaMapping
  readonly from: number

  constructor(mapping: DmaMapping, from: number) {
    this.mapping = mapping
    this.from = from
  }
}
