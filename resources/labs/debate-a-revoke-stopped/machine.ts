import { machine } from 'klab/machine'

/** An engine that takes a millisecond for a result. */
export default machine({
  cpus: 2,
  iommu: 'none',
  pci: [{ slot: '01:00.0', model: 'ring-dma', options: { transfer_ns: 1_000_000 } }],
})
