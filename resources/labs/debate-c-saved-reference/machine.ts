import { machine } from 'klab/machine'

/** One card that can be pulled out. */
export default machine({ cpus: 2, pci: [{ slot: '01:00.0', model: 'edu' }] })
