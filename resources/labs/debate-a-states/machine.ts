import { machine } from 'klab/machine'

/** A card behind an IOMMU. */
export default machine({
  cpus: 2,
  iommu: 'lazy',
  pci: [{ slot: '01:00.0', model: 'ring-dma' }],
})
