import { machine } from 'klab/machine'
import { translator } from './hardware/translator'

/** The card brings its own translation unit: nothing else stands between it and memory. */
export default machine({ cpus: 2, iommu: 'none', pci: [{ slot: '01:00.0', model: translator }] })
