import { machine } from 'klab/machine'

/** A switch with two cards below it, and a third card below a root port of its own. */
export default machine({
  cpus: 2,
  pci: [
    { slot: '01:00.0', bridge: 2 },
    { slot: '02:00.0', bridge: 3, acs: false },
    { slot: '02:01.0', bridge: 4, acs: false },
    { slot: '03:00.0', model: 'edu' },
    { slot: '04:00.0', model: 'edu' },
    { slot: '05:00.0', model: 'edu' },
  ],
})
