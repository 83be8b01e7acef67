/** Memory that devices use: `rust/dma`. */
export {
  Coherent, Coherent as CoherentAllocation, DataDirection, DmaMappedSgt, SGTable,
} from '../../kernel/rust/dma'
