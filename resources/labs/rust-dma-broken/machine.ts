import { machine } from 'klab/machine'

/** Two CPUs and one edu device; no IOMMU protects the memory. */
export default machine({ cpus: 2, iommu: 'none', pci: [{ slot: '01:00.0', model: 'edu' }] })
