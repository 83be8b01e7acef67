import { machine } from 'klab/machine'

/** An engine that fills pages; nothing stands between it and memory. */
export default machine({
  cpus: 2,
  iommu: 'none',
  pci: [{ slot: '01:00.0', model: 'ring-dma', options: { transfer_ns: 100_000 } }],
})
