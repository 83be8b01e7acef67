import { machine } from 'klab/machine'

/** Two CPUs; a work item plays the engine that runs the jobs. */
export default machine({ cpus: 2 })
