import { machine } from 'klab/machine'
import { bdc } from './hardware/bdc'

/** Two controllers whose interrupts arrive on one line. */
export default machine({
  cpus: 2,
  pci: [
    { slot: '01:00.0', model: bdc, line: 'A' },
    { slot: '02:00.0', model: bdc, line: 'A' },
  ],
})
