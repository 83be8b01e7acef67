import { insmod, rmmod } from 'klab/scenario'

/** The device goes while a program has it. */
export default function () {
  insmod('s390_iommu')
  insmod('vfio')
  rmmod('vfio')
}
