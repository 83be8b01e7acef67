import { machine } from 'klab/machine'
import { ipu6 } from './hardware/ipu6'
import { nic } from './hardware/nic'

/** A camera and a network card on one interrupt line. */
export default machine({ cpus: 2, pci: [{ slot: '01:00.0', model: ipu6, line: 'A' }, { slot: '02:00.0', model: nic, line: 'A' }] })
