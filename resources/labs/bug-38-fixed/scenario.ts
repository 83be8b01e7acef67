import { insmod, shutdown } from 'klab/scenario'

/** The machine is powered off with everything in use. */
export default function () {
  insmod('mdio_bus')
  insmod('dprc')
  insmod('driver')
  shutdown()
}
