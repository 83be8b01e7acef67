import { machine } from 'klab/machine'

/** A card with two functions in a machine with much memory, bounce buffers and no IOMMU. */
export default machine({
  cpus: 2,
  memory: 8 * 1024 * 1024 * 1024,
  iommu: 'none',
  dma: { zoneDma: true },
  pci: [
    { slot: '01:00.0', model: 'ring-dma' },
    { slot: '01:00.1', model: 'ring-dma' },
  ],
})
