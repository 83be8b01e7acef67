import { echo, insmod, rmmod, run_until_quiet } from 'klab/scenario'

/** The device loses its driver in the middle of a transfer. */
export default function () {
  insmod('driver')
  echo('/sys/bus/pci/drivers/edu_capture/unbind', '0000:01:00.0')
  run_until_quiet()
  rmmod('driver')
}
