import { echo, insmod, msleep, press_button, spawn, wait } from 'klab/scenario'
import { delmod, tool } from './user'

function user() {
  tool('hp-add-remove')
  delmod('hp_add_remove')
}

export default function () {
  insmod('hp_add_remove')
  echo('/dev/kmsg', 'MONITOR device_del\n')
  press_button('01:00.0')
  msleep(12000)
  echo('/sys/module/hp_add_remove/parameters/now', '1')
  echo('/dev/kmsg', 'MONITOR device_add\n')
  press_button('01:00.0')
  msleep(14000)
  wait(spawn(user))
}
