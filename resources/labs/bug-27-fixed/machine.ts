import { machine } from 'klab/machine'

/** A device on the board, behind the IOMMU that the lab's own driver drives. */
export default machine({ cpus: 2, iommu: 'none', platform: [{ name: 'zdev' }] })
