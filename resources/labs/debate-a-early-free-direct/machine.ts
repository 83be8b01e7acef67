import { machine } from 'klab/machine'

/** An engine that writes a result each millisecond. */
export default machine({
  cpus: 2,
  iommu: 'none',
  pci: [{ slot: '01:00.0', model: 'ring-dma', options: { transfer_ns: 1_000_000 } }],
})
