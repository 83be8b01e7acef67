import { machine } from 'klab/machine'

/** A board whose firmware has one block of methods. */
export default machine({ cpus: 2, platform: [{ name: 'wmi' }] })
