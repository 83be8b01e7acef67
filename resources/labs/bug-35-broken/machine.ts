import { machine } from 'klab/machine'

/** A card with doorbell pages, behind a hot-plug port. */
export default machine({ cpus: 2, pci: [{ slot: '01:00.0', model: 'edu' }] })
