import { machine } from 'klab/machine'

/** Every mapping takes room in bounce buffers of half a megabyte. */
export default machine({
  cpus: 2,
  iommu: 'none',
  pci: [{ slot: '01:00.0', model: 'ring-dma', options: { transfer_ns: 10_000 } }],
  dma: { swiotlb: 'force', swiotlbSlots: 256 },
})
