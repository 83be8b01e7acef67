import { insmod, rmmod } from 'klab/scenario'

/** A mask for each function; then the one that both can do, for both. */
export default function () {
  insmod('driver')
  rmmod('driver')
  insmod('hog')
  insmod('driver')
  rmmod('driver')
  insmod('driver', 'common=1')
  rmmod('driver')
  rmmod('hog')
}
