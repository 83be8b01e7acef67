import { machine } from 'klab/machine'

/** Two CPUs; the exporter has no hardware. */
export default machine({ cpus: 2 })
