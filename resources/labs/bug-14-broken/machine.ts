import { machine } from 'klab/machine'
import { dsp } from './hardware/dsp'

/** A signal processor of the lab's own. */
export default machine({ cpus: 2, pci: [{ slot: '01:00.0', model: dsp }] })
