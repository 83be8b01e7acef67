import { machine as currentMachine } from '../../engine/current'
import type { RawStack } from '../../engine/finding'
import type { Machine } from '../../engine/machine'
import { KernelObject } from '../../engine/object'
import { fileOf, NO_POSITION } from '../../engine/position'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { step } from '../api'
import { emit, recorder } from '../emit'
import { EBUSY, EEXIST, ENOENT, EPERM, EWOULDBLOCK } from '../errno'
import { acquireOn, releaseOn } from '../locking/access'
import { codeOwners, RefLedger, type RefGiver, type RefOwner } from '../locking/ref-ledger'
import { memoryAccess } from '../mm/watch'
import { taintUnreliable } from '../locking/taint'
import { kernelLog } from '../printk/log'
import { warn } from '../printk/warn'
import { synchronizeRcu } from '../rcu/update'
import { doOneInitcall } from '../sched/initcall'
import { WaitList } from '../sched/schedule'
import { asyncSynchronize } from './async'
import { addModuleDirectory, removeModuleDirectory } from './module-sysfs'
import { freeText } from './module-text'
import { applyParameters, type ModuleParameter } from './module-params'
import { NotifierChain } from './notifier'
import type { kset } from './kobject'

export type ModuleState = 'COMING' | 'LIVE' | 'GOING' | 'UNFORMED'

/** As include/linux/module.h numbers them. */
export const MODULE_STATES: Readonly<Record<ModuleState, number>> = {
  LIVE: 0,
  COMING: 1,
  GOING: 2,
  UNFORMED: 3,
}

/**
 * A loaded module: text, static data and a count of those who rely on its text. The base count of
 * 1 stands for "loaded"; a bound driver, a queued work or an armed timer do not count (DM-62, 63).
 */
export class module extends KernelObject {
  name = ''
  state: ModuleState = 'UNFORMED'
  /** @internal */
  $refcount = 1
  /** @internal Whose references these are; kept while a trace is written. */
  readonly $ledger = new RefLedger()
  /** @internal File numbers of its text. */
  $files: number[] = []
  /** @internal Objects made by its top level: its .data. */
  readonly $statics: object[] = []
  /** @internal */
  $init: (() => unknown) | null = null
  /** @internal */
  $exit: (() => unknown) | null = null
  /** @internal Its drivers probe asynchronously unless they say otherwise. */
  $asyncProbe = false
  /** @internal Its debug messages are printed (`dyndbg`). */
  $debug = false
  /** @internal */
  readonly $parameters: ModuleParameter[] = []
  /** @internal Modules whose symbols it uses. */
  readonly $uses: module[] = []
  /** @internal Modules that use its symbols. */
  readonly $users: module[] = []
  /** @internal */
  readonly $exports = new Map<string, unknown>()
  /** @internal Its kobject in /sys/module. */
  $set: kset | null = null
  /** @internal Where its text went. */
  $unloaded: RawStack | null = null
}

/** What the lab layer gives: a module's text, and a way to run its top level. */
export interface ModuleImage {
  files: number[]
  /** Binds it to the modules whose symbols it uses; answers one that nobody exports, or null. */
  link?(user: module): string | null
  evaluate(): unknown
}

export class Modules {
  readonly loaded = new Map<string, module>()
  /** Every module there ever was, for reports about text that is gone. */
  readonly all: module[] = []
  loader: (name: string) => ModuleImage | null = () => null
  /** The module whose top level is running. */
  loading: module | null = null
  readonly notifiers = new NotifierChain()
  /** Tasks that wait for a module to become live or to be gone. */
  readonly waiters = new WaitList()
  /** `delete_module` with O_TRUNC goes on although the module is in use (DM-61). */
  forceUnload = false
  /** Some module was unloaded by force: taint flag R. */
  forced = false
  /** Unloading is forbidden altogether. */
  unloadDisabled = false
  readonly #machine: Machine

  constructor(m: Machine) {
    this.#machine = m
  }

  isLoaded(name: string): boolean {
    return this.loaded.has(name)
  }

  /** The module that a function's text belongs to, by its file. */
  ofFile(file: number): module | null {
    for (let i = this.all.length - 1; i >= 0; i--)
      if (this.all[i]!.$files.includes(file)) return this.all[i]!
    return null
  }

  /** The module of the code that is running: what THIS_MODULE stands for. */
  get current(): module | null {
    if (this.loading) return this.loading
    const { p } = this.#machine.runtime
    return p === NO_POSITION ? null : this.ofFile(fileOf(p))
  }
}

export const modules = service((m) => {
  const all = new Modules(m)
  codeOwners(m).ofFile = (file) => all.ofFile(file)
  memoryAccess(m).ownStatic = (object) => {
    if (all.loading) all.loading.$statics.push(object)
  }
  return all
})

function setModuleState(mod: module, state: ModuleState): void {
  mod.state = state
  emit(ev.module_state, mod, state)
  modules(currentMachine()).waiters.wakeAll()
}

/** DM-69: what is in the way of a module of this name; waits while that is not decided yet. */
function* existing(all: Modules, name: string): Sim<number> {
  const known = all.loaded.get(name)
  if (!known) return 0
  const undecided = (): boolean => known.state === 'COMING' || known.state === 'UNFORMED'
  if (!undecided()) return known.state === 'LIVE' ? -EEXIST : -EBUSY
  const gone = (): boolean => all.loaded.get(name) !== known
  yield* all.waiters.waitUntil(() => !undecided() || gone(), known, `module ${name}`)
  return (known.state as ModuleState) === 'LIVE' ? -EEXIST : -EBUSY
}

/**
 * Loads a module: runs its top level and its init function. `parameters` is what insmod gets
 * behind the name, as in `debug=1`. 0 or -errno (DM-55, DM-68, DM-69).
 */
export function* loadModule(m: Machine, name: string, parameters = ''): Sim<number> {
  const all = modules(m)
  const inTheWay = yield* existing(all, name)
  if (inTheWay) return inTheWay
  const image = all.loader(name)
  if (!image) return -ENOENT
  const mod = new module()
  mod.name = name
  mod.$files = image.files
  all.all.push(mod)
  all.loaded.set(name, mod)
  emit(ev.module_load, mod, name, '')
  for (const file of image.files) emit(ev.code_load, mod, file)
  const missing = image.link?.(mod) ?? null
  if (missing !== null) {
    kernelLog(m).print(4, `${name}: Unknown symbol ${missing} (err ${-ENOENT})\n`)
    yield* step('free_module', freeModule(m, mod))
    return -ENOENT
  }
  evaluate(all, mod, image)
  mod.$refcount = 2
  setModuleState(mod, 'COMING')
  const wrong = applyParameters(m, mod, parameters)
  if (!wrong) {
    addModuleDirectory(m, mod)
    yield* all.notifiers.callChain(MODULE_STATES.COMING, mod)
    const ret = yield* step('do_init_module', runInit(mod))
    if (ret >= 0) return yield* finishLoading(m, mod, ret)
    yield* giveUp(m, mod)
    return ret === -EEXIST ? -EBUSY : ret
  }
  yield* giveUp(m, mod)
  return wrong
}

function evaluate(all: Modules, mod: module, image: ModuleImage): void {
  const outer = all.loading
  all.loading = mod
  try {
    image.evaluate()
  } finally {
    all.loading = outer
  }
}

function* runInit(mod: module): Sim<number> {
  emit(ev.module_init_start, mod, mod.$init)
  yield point(loadModule, mod)
  const ret = mod.$init ? yield* step('do_one_initcall', doOneInitcall(mod.$init)) : 0
  emit(ev.module_init_end, mod, ret)
  return ret
}

function* finishLoading(m: Machine, mod: module, ret: number): Sim<number> {
  if (ret > 0)
    kernelLog(m).print(
      4,
      `${mod.name}: init suspiciously returned ${ret}, it should follow 0/-E convention\n`,
    )
  setModuleState(mod, 'LIVE')
  yield* modules(m).notifiers.callChain(MODULE_STATES.LIVE, mod)
  if (!mod.$asyncProbe) yield* asyncSynchronize()
  mod.$refcount--
  emit(ev.module_put, mod, 'do_init_module', mod.$refcount - 1, null, '')
  return 0
}

/** DM-68: init has failed. What it left registered dangles; exit is not called. */
function* giveUp(m: Machine, mod: module): Sim {
  setModuleState(mod, 'GOING')
  yield* waitForReaders()
  mod.$refcount--
  yield* modules(m).notifiers.callChain(MODULE_STATES.GOING, mod)
  yield* step('free_module', freeModule(m, mod))
}

export const O_TRUNC = 0o1000

const SYMBOL_USER = 'uses its symbols'

/** A module is torn out by force: from now on the kernel vouches for nothing. */
function taint(m: Machine): true {
  modules(m).forced = true
  taintUnreliable(m)
  return true
}

/** Leaves in the trace who is in the way of an unloading. */
function refuse(mod: module, error: number): number {
  emit(ev.module_busy, mod, error, mod.$ledger.describe(currentMachine()))
  return error
}

/**
 * `delete_module`: 0 or -errno, checked in the kernel's order. Never waits for users (DM-58, 59).
 */
export function* deleteModule(m: Machine, name: string, flags = 0): Sim<number> {
  const all = modules(m)
  if (all.unloadDisabled) return -EPERM
  const mod = all.loaded.get(name)
  if (!mod || mod.state === 'UNFORMED') return -ENOENT
  if (mod.$users.length > 0) return refuse(mod, -EWOULDBLOCK)
  if (mod.state !== 'LIVE') return -EBUSY
  const force = (): boolean => all.forceUnload && (flags & O_TRUNC) !== 0 && taint(m)
  if (mod.$init && !mod.$exit && !force()) return -EBUSY
  if (mod.$refcount === 1) mod.$refcount = 0
  else if (!force()) return refuse(mod, -EWOULDBLOCK)
  acquireOn(mod)
  setModuleState(mod, 'GOING')
  emit(ev.module_exit_start, mod, mod.$exit)
  yield point(deleteModule, mod)
  if (mod.$exit) yield* call(mod.$exit)
  emit(ev.module_exit_end, mod)
  yield* all.notifiers.callChain(MODULE_STATES.GOING, mod)
  yield* asyncSynchronize()
  yield point(deleteModule, mod)
  yield* step('free_module', freeModule(m, mod))
  return 0
}

/**
 * `synchronize_rcu`, as short as it may be (`rcupdate.rcu_expedited`): a longer one would hide for
 * how long callbacks can stay queued, which nothing here waits for (RCU-06).
 */
const waitForReaders = (): Sim => synchronizeRcu('synchronize_rcu', true)

/** Sysfs first, which may wait; then those it relied on; then the text is gone. */
function* freeModule(m: Machine, mod: module): Sim {
  yield* removeModuleDirectory(m, mod)
  setModuleState(mod, 'UNFORMED')
  for (const used of mod.$uses.splice(0)) {
    used.$users.splice(used.$users.indexOf(mod), 1)
    modulePut(used, { holder: mod, why: SYMBOL_USER })
  }
  yield* waitForReaders()
  freeText(m, mod)
  modules(m).loaded.delete(mod.name)
  modules(m).waiters.wakeAll()
  emit(ev.module_free, mod, mod.name)
}

function announceGet(mod: module, ip: string, owner?: RefOwner): void {
  const m = currentMachine()
  const by = recorder(m).writer === null ? owner : mod.$ledger.take(m, owner)
  emit(ev.module_get, mod, ip, mod.$refcount - 1, by?.holder ?? null, by?.why ?? '')
}

function announcePut(mod: module, giver?: RefGiver): void {
  const m = currentMachine()
  const by = recorder(m).writer === null ? null : mod.$ledger.drop(m, giver)
  emit(ev.module_put, mod, 'module_put', mod.$refcount - 1, by?.holder ?? null, by?.why ?? '')
}

/** False only when the module is on its way out (DM-56). Null stands for built-in code. */
export function tryModuleGet(mod: module | null, owner?: RefOwner): boolean {
  if (!mod) return true
  memoryAccess(currentMachine()).touch(mod, 'refcnt', true)
  if (mod.state === 'GOING' || mod.state === 'UNFORMED' || mod.$refcount === 0) return false
  mod.$refcount++
  announceGet(mod, 'try_module_get', owner)
  return true
}

export function moduleGet(mod: module | null, owner?: RefOwner): void {
  if (!mod) return
  mod.$refcount++
  announceGet(mod, '__module_get', owner)
}

export function modulePut(mod: module | null, giver?: RefGiver): void {
  if (!mod) return
  memoryAccess(currentMachine()).touch(mod, 'refcnt', true)
  releaseOn(mod)
  mod.$refcount--
  if (mod.$refcount < 0)
    warn(currentMachine(), 'module-put', 'kernel/module/main.c at module_put', null, {
      objects: [mod],
      rules: ['DM-57'],
    })
  announcePut(mod, giver)
}

/** Uses an exported symbol: the user pins its owner. Null when nobody (live) exports it. */
export function useSymbol(user: module | null, name: string): unknown {
  for (const owner of modules(currentMachine()).loaded.values()) {
    if (!owner.$exports.has(name) || owner.state !== 'LIVE') continue
    if (user?.$uses.includes(owner)) return owner.$exports.get(name)
    const user_ = user ? { holder: user, why: SYMBOL_USER } : undefined
    if (!tryModuleGet(owner, user_)) return null
    if (user && user !== owner) {
      user.$uses.push(owner)
      owner.$users.push(user)
    }
    return owner.$exports.get(name)
  }
  return null
}
