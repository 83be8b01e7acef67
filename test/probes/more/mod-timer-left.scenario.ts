import { insmod, msleep, rmmod } from 'klab/scenario'
export default function () { insmod('mod_timer_left'); msleep(10); rmmod('mod_timer_left'); msleep(500) }
