import { echo, freeze, insmod, msleep, rmmod } from 'klab/scenario'

export default function () {
  insmod('lib_trees')
  msleep(10)
  echo('/sys/kernel/debug/klabpoke', '1')
  msleep(10)
  freeze(true)
  msleep(10)
  echo('/sys/kernel/debug/klabpoke', '1')
  msleep(10)
  freeze(false)
  msleep(10)
  rmmod('lib_trees')
}
