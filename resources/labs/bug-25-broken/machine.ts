import { machine } from 'klab/machine'
import { dsa } from './hardware/dsa'

/** An accelerator of the lab's own. */
export default machine({ cpus: 2, pci: [{ slot: '01:00.0', model: dsa }] })
