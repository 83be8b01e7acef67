import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { initKobject, kobject } from './kobject'
import { sysfs } from './sysfs'

/** A directory of /sys that is always there. */
function directory(name: string): kobject {
  const kobj = new kobject()
  initKobject(kobj, null)
  kobj.name = name
  kobj.state_in_sysfs = true
  kobj.$directory = sysfs(machine()).ensureDirectory(`/${name}`)
  return kobj
}

/** What drivers put their own kobjects below. */
export const kernelDirectory = service(() => directory('kernel'))
export const firmwareDirectory = service(() => directory('firmware'))
export const powerDirectory = service(() => directory('power'))
