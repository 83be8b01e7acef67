import { machine } from 'klab/machine'

/** Two CPUs; the device is a platform device of the module itself. */
export default machine({ cpus: 2 })
