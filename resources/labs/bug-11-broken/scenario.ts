import { fail_next, insmod, msleep, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** Memory is short while the core announces its part: the part cannot be added. */
export default function () {
  insmod('pds_vdpa')
  fail_next('device_add')
  insmod('pds_core')
  run_until_quiet()
  rmmod('pds_core')
  insmod('pds_core') // and now it can
  msleep(5)
  unplug('01:00.0')
  run_until_quiet()
  rmmod('pds_core')
  rmmod('pds_vdpa')
}
