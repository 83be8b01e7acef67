import { EEXIST, EINVAL } from '../errno'
import { setKobjectName, type kobject } from './kobject'
import { sendUevent } from './uevent'

/** Gives a kobject in sysfs another name: 0 or -errno. User space hears of a move. */
export function rename(kobj: kobject, name: string): number {
  const directory = kobj.$directory
  const parent = directory?.parent
  if (!directory || !parent || name === '') return -EINVAL
  const shown = name.replaceAll('/', '!')
  if (parent.entries.has(shown)) return -EEXIST
  const old = directory.path
  parent.entries.delete(directory.name)
  directory.name = shown
  parent.entries.set(shown, directory)
  setKobjectName(kobj, shown)
  sendUevent(kobj, 'move', [`DEVPATH_OLD=${old}`])
  return 0
}
