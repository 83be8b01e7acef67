import { machine } from 'klab/machine'

/** Two edu devices whose interrupts arrive on one line. */
export default machine({
  cpus: 2,
  pci: [
    { slot: '01:00.0', model: 'edu', line: 'A' },
    { slot: '02:00.0', model: 'edu', line: 'A' },
  ],
})
