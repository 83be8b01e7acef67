import type { Machine } from '../../engine/machine'
import type { Sim } from '../../engine/suspend'
import { WaitList } from '../sched/schedule'
import { deleteKobject, initKobject, kobject, kset, putKobject } from './kobject'
import type { module } from './module'
import { sysfs } from './sysfs'

/** /sys/module/<name>: who still holds the kobject when the module goes is waited for (DM-60). */
export function addModuleDirectory(m: Machine, mod: module): void {
  const tree = sysfs(m)
  const parent = tree.ensureDirectory('/module')
  const directory = tree.createDirectory(parent, mod.name, mod)
  if (!directory) return
  const set = new kset()
  const gone = new WaitList()
  initKobject(set.kobj, {
    release: (kobj: kobject) => {
      kobj.state_initialized = false
      gone.wakeAll()
    },
  })
  set.kobj.name = mod.name
  set.kobj.$directory = directory
  set.kobj.state_in_sysfs = true
  mod.$set = set
  waiting.set(set, gone)
  tree.createFile(directory, 'refcnt', {
    *show() {
      return `${mod.$refcount - 1}\n`
    },
  })
  tree.createFile(directory, 'initstate', {
    *show() {
      return `${mod.state === 'LIVE' ? 'live' : mod.state === 'COMING' ? 'coming' : 'going'}\n`
    },
  })
  for (const p of mod.$parameters) {
    if (p.mode === 0) continue
    const folder = tree.ensureDirectory(`/module/${mod.name}/parameters`)
    tree.createFile(
      folder,
      p.name,
      {
        ...(p.mode & 0o444 ? { show: () => p.get() } : {}),
        ...(p.mode & 0o222 ? { store: (text: string) => stored(p.set(text), text) } : {}),
      },
      null,
      p.mode,
    )
  }
}

const waiting = new WeakMap<kset, WaitList>()

function* stored(set: Sim<number>, text: string): Sim<number> {
  const ret = yield* set
  return ret < 0 ? ret : text.length
}

export function* removeModuleDirectory(_m: Machine, mod: module): Sim {
  const set = mod.$set
  if (!set) return
  const gone = waiting.get(set)!
  yield* deleteKobject(set.kobj)
  yield* putKobject(set.kobj)
  yield* gone.waitUntil(() => !set.kobj.state_initialized, mod, `kobject of module ${mod.name}`)
  mod.$set = null
}
