import { echo, insmod, msleep, rmmod, run_until_quiet } from 'klab/scenario'

/** The memory card is taken from its driver while the copier still writes into it. */
export default function () {
  insmod('driver')
  msleep(5)
  echo('/sys/bus/pci/drivers/provider/unbind', '0000:03:00.0')
  msleep(5)
  rmmod('driver')
  run_until_quiet()
}
