import { machine } from 'klab/machine'

/** An engine that works slowly through its ring. */
export default machine({
  cpus: 2,
  iommu: 'none',
  pci: [{ slot: '01:00.0', model: 'ring-dma', options: { transfer_ns: 200_000 } }],
})
