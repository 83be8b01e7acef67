import { machine } from 'klab/machine'

/** Two CPUs; the importer is a device of the board without hardware behind it. */
export default machine({ cpus: 2, platform: [{ name: 'importer' }] })
