import { machine } from 'klab/machine'

/** Two CPUs and no device: the packets come from a timer. */
export default machine({ cpus: 2 })
