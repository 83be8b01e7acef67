import { machine } from 'klab/machine'

/** A switch chip and the bus that its network interface sits on. */
export default machine({ cpus: 2, platform: [{ name: 'mv88e6xxx' }, { name: 'dprc' }] })
