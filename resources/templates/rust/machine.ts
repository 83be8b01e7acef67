import { machine } from 'klab/machine'

/** Two CPUs and one edu device behind a hot-plug port. */
export default machine({ cpus: 2, pci: [{ slot: '01:00.0', model: 'edu' }] })
