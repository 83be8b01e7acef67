import { machine } from 'klab/machine'

/** Two CPUs and one edu device behind a hot-plug port; its addresses are physical ones. */
export default machine({ cpus: 2, iommu: 'none', pci: [{ slot: '01:00.0', model: 'edu' }] })
