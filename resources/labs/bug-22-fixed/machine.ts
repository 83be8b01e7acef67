import { machine } from 'klab/machine'

/** A processor that answers into the message, on a board whose caches devices do not see. */
export default machine({
  cpus: 2,
  iommu: 'none',
  pci: [{ slot: '01:00.0', model: 'ring-dma', options: { answers_in_place: true } }],
  dma: { coherent: false },
})
