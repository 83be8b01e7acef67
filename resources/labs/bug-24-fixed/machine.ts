import { machine } from 'klab/machine'
import { emac } from './hardware/emac'

/** A board with a network interface of the lab's own. */
export default machine({ cpus: 2, platform: [{ name: 'arc_emac', model: emac }] })
