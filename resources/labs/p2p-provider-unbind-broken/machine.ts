import { machine } from 'klab/machine'
import { copier, memory_card } from './hardware/cards'

/** A switch below root port 1; its two downstream ports have a card each, and no access control. */
export default machine({
  cpus: 2,
  pci: [
    { slot: '01:00.0', bridge: 2 },
    { slot: '02:00.0', bridge: 3, acs: false },
    { slot: '02:01.0', bridge: 4, acs: false },
    { slot: '03:00.0', model: memory_card },
    { slot: '04:00.0', model: copier },
  ],
})
