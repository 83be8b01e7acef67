import { insmod, rmmod, run_until_quiet } from 'klab/scenario'

/** The last owner lets go while another CPU looks the entry up. */
export default function () {
  insmod('driver')
  run_until_quiet()
  rmmod('driver')
}
