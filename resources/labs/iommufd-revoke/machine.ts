import { machine } from 'klab/machine'
import { copier, memory_card } from './hardware/cards'

/** Two cards behind an IOMMU, in groups of their own, and a host bridge that forwards between them. */
export default machine({
  cpus: 2,
  iommu: 'lazy',
  hostBridge: { vendor: 0x8086, device: 0x2030 },
  pci: [
    { slot: '01:00.0', model: memory_card },
    { slot: '02:00.0', model: copier },
  ],
})
