import { machine as currentMachine, now } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { hidden, KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EBUSY, EEXIST, ENOENT, EWOULDBLOCK } from '../errno'
import { visitMembers } from '../mm/embed'
import { slab, type Allocation } from '../mm/slab'
import { memoryAccess } from '../mm/watch'
import { kernelLog } from '../printk/log'
import { warn } from '../printk/warn'
import { takeStack } from '../report'
import type { RawStack } from '../../engine/finding'

export type ModuleState = 'COMING' | 'LIVE' | 'GOING' | 'UNFORMED'

/**
 * A loaded module: text, static data and a count of those who rely on its text. The base count of
 * 1 stands for "loaded"; a bound driver, a queued work or an armed timer do not count (DM-62, 63).
 */
export class module extends KernelObject {
  name = ''
  state: ModuleState = 'UNFORMED'
  /** @internal */
  $refcount = 1
  /** @internal File numbers of its text. */
  $files: number[] = []
  /** @internal Objects made by its top level: its .data. */
  readonly $statics: object[] = []
  /** @internal */
  $init: (() => unknown) | null = null
  /** @internal */
  $exit: (() => unknown) | null = null
  /** @internal Where its text went. */
  $unloaded: RawStack | null = null
}

/** What the lab layer gives: a module's text, and a way to run its top level. */
export interface ModuleImage {
  files: number[]
  evaluate(): unknown
}

export class Modules {
  readonly loaded = new Map<string, module>()
  /** Every module there ever was, for reports about text that is gone. */
  readonly all: module[] = []
  loader: (name: string) => ModuleImage | null = () => null
  /** The module whose top level is running. */
  loading: module | null = null

  isLoaded(name: string): boolean {
    return this.loaded.has(name)
  }

  /** The module that a function's text belongs to, by its file. */
  ofFile(file: number): module | null {
    for (let i = this.all.length - 1; i >= 0; i--)
      if (this.all[i]!.$files.includes(file)) return this.all[i]!
    return null
  }
}

export const modules = service((m) => {
  const all = new Modules()
  memoryAccess(m).ownStatic = (object) => {
    if (all.loading) all.loading.$statics.push(object)
  }
  return all
})

function setModuleState(mod: module, state: ModuleState): void {
  mod.state = state
  emit(ev.module_state, mod, state)
}

/** Loads a module: runs its top level and its init function. 0 or -errno (DM-55, DM-68, DM-69). */
export function* loadModule(m: Machine, name: string): Sim<number> {
  const all = modules(m)
  const known = all.loaded.get(name)
  if (known) return known.state === 'LIVE' ? -EEXIST : -EBUSY
  const image = all.loader(name)
  if (!image) return -ENOENT
  const mod = new module()
  mod.name = name
  mod.$files = image.files
  all.all.push(mod)
  all.loaded.set(name, mod)
  emit(ev.module_load, mod, name, '')
  for (const file of image.files) emit(ev.code_load, mod, file)
  setModuleState(mod, 'COMING')
  all.loading = mod
  try {
    image.evaluate()
  } finally {
    all.loading = null
  }
  mod.$refcount = 2
  emit(ev.module_init_start, mod, mod.$init)
  yield point(loadModule, mod)
  const ret = mod.$init ? yield* call(mod.$init) : 0
  emit(ev.module_init_end, mod, Number(ret) | 0)
  if (Number(ret) < 0) {
    setModuleState(mod, 'GOING')
    freeModule(m, mod)
    return ret === -EEXIST ? -EBUSY : (ret as number)
  }
  if (Number(ret) > 0)
    kernelLog(m).print(4, `${name}: init suspiciously returned ${ret}, it should follow 0/-E convention\n`)
  mod.$refcount--
  setModuleState(mod, 'LIVE')
  return 0
}

/** `delete_module`: 0 or -errno. Never waits for users (DM-58, DM-59). */
export function* deleteModule(m: Machine, name: string, _flags = 0): Sim<number> {
  const all = modules(m)
  const mod = all.loaded.get(name)
  if (!mod) return -ENOENT
  if (mod.state !== 'LIVE') return -EBUSY
  if (mod.$init && !mod.$exit) return -EBUSY
  if (mod.$refcount !== 1) return -EWOULDBLOCK
  mod.$refcount = 0
  setModuleState(mod, 'GOING')
  emit(ev.module_exit_start, mod, mod.$exit)
  yield point(deleteModule, mod)
  if (mod.$exit) yield* call(mod.$exit)
  emit(ev.module_exit_end, mod)
  yield point(deleteModule, mod)
  freeModule(m, mod)
  return 0
}

/** The text and the static data are gone: whoever still points there has a dangling pointer. */
function freeModule(m: Machine, mod: module): void {
  const stack = takeStack(m, now.exec, 'free_module')
  mod.$unloaded = stack
  setModuleState(mod, 'UNFORMED')
  for (const file of mod.$files) {
    m.runtime.dead[file] = 1
    emit(ev.code_unload, mod, file)
  }
  for (const object of mod.$statics) killStatic(m, mod, object, stack)
  modules(m).loaded.delete(mod.name)
  emit(ev.module_free, mod, mod.name)
}

function killStatic(m: Machine, mod: module, object: object, stack: RawStack): void {
  const record: Allocation = {
    object,
    address: 0xa_0000_0000_0000 + m.idOf(object) * 64,
    bytes: 64,
    cache: `module ${mod.name}`,
    pages: 0,
    physical: null,
    allocated: stack,
    freed: stack,
    module: mod.name,
  }
  slab(m).on.free.emit(record)
  if (!slab(m).poison) return
  visitMembers(object, (member) => {
    hidden(member).$dead = record
  })
}

/** False only when the module is on its way out (DM-56). Null stands for built-in code. */
export function tryModuleGet(mod: module | null): boolean {
  if (!mod) return true
  if (mod.state === 'GOING' || mod.state === 'UNFORMED' || mod.$refcount === 0) return false
  mod.$refcount++
  emit(ev.module_get, mod, 'try_module_get', mod.$refcount - 1)
  return true
}

export function moduleGet(mod: module | null): void {
  if (!mod) return
  mod.$refcount++
  emit(ev.module_get, mod, '__module_get', mod.$refcount - 1)
}

export function modulePut(mod: module | null): void {
  if (!mod) return
  mod.$refcount--
  if (mod.$refcount < 0) warn(currentMachine(), 'module-put', 'kernel/module/main.c at module_put', null, { rules: ['DM-57'] })
  emit(ev.module_put, mod, 'module_put', mod.$refcount - 1)
}
