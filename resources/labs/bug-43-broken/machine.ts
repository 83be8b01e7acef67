import { machine } from 'klab/machine'
import { radeon } from './hardware/radeon'

/** A graphics card of the lab's own. */
export default machine({ cpus: 2, pci: [{ slot: '01:00.0', model: radeon }] })
