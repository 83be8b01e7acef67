import { currentTask, machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, type Sim } from '../../engine/suspend'
import { step } from '../api'
import type { device } from '../base/device'
import { modulePut, tryModuleGet, type module } from '../base/module'
import { ENXIO, ESHUTDOWN } from '../errno'
import { localIrqRestore, localIrqSave } from '../irq/irqflags'
import { kernelLog } from '../printk/log'
import { warn } from '../printk/warn'
import { WaitList } from '../sched/schedule'

/** What the driver of a clock can do to it; all optional. Enabling is atomic, preparing sleeps. */
export interface clk_ops {
  prepare?: ((hw: clk_hw) => number) | null
  unprepare?: ((hw: clk_hw) => void) | null
  enable?: ((hw: clk_hw) => number) | null
  disable?: ((hw: clk_hw) => void) | null
  is_enabled?: ((hw: clk_hw) => number) | null
  recalc_rate?: ((hw: clk_hw, parent_rate: number) => number) | null
  round_rate?: ((hw: clk_hw, rate: number, parent_rate: number) => number) | null
  set_rate?: ((hw: clk_hw, rate: number, parent_rate: number) => number) | null
}

export interface clk_init_data {
  name: string
  ops: clk_ops
  parent_names?: readonly string[]
  flags?: number
}

/** A clock as its driver sees it; embedded in the driver's own structure. */
export class clk_hw extends KernelObject {
  init: clk_init_data | null = null
  /** @internal What the framework keeps while it is registered. */
  $core: ClockCore | null = null
}

export const CLK_SET_RATE_GATE = 1
export const CLK_IS_CRITICAL = 1 << 11

/** What remains when the driver of a clock has gone while somebody holds it. */
const NO_DRIVER: clk_ops = {
  prepare: () => -ENXIO,
  enable: () => -ENXIO,
  set_rate: () => -ENXIO,
}

/** A clock of the machine. It lives as long as its driver or a user of it. */
export class ClockCore extends KernelObject {
  readonly $type = 'clk_core'
  readonly name: string
  ops: clk_ops
  readonly hw: clk_hw
  readonly parent: ClockCore | null
  readonly flags: number
  readonly owner: module | null
  prepareCount = 0
  enableCount = 0

  constructor(hw: clk_hw, init: clk_init_data, parent: ClockCore | null, owner: module | null) {
    super()
    this.hw = hw
    this.name = init.name
    this.ops = init.ops
    this.parent = parent
    this.flags = init.flags ?? 0
    this.owner = owner
  }
}

/** A user's handle of a clock: what `clk_get` answers. */
export class clk extends KernelObject {
  /** @internal */
  $core!: ClockCore
  /** @internal */
  $dev: device | null = null

  get $label(): string {
    return this.$core.name
  }
}

/** All clocks, and the mutex that preparing takes; its holder may take it again. */
class Clocks {
  readonly byName = new Map<string, ClockCore>()
  owner: object | null = null
  depth = 0
  readonly waiters = new WaitList()
}

export const clocks = service(() => new Clocks())

export function* locked<T>(body: () => Sim<T>): Sim<T> {
  const all = clocks(machine())
  const me = currentTask()
  if (all.owner !== me || me === null) {
    yield* all.waiters.waitUntil(() => all.owner === null, null, 'clk_prepare_lock')
    all.owner = me
  }
  all.depth++
  const ret = yield* body()
  if (--all.depth === 0) {
    all.owner = null
    all.waiters.wakeOne()
  }
  return ret
}

function complain(where: string, what: string, text: string, core: ClockCore): void {
  warn(machine(), `clk-${what}`, `drivers/clk/clk.c at ${where}`, text, {
    objects: [core],
    once: false,
  })
}

/** 0, or -errno: the parent first, and only for the first user. */
export function* prepare(core: ClockCore | null): Sim<number> {
  if (!core) return 0
  if (core.prepareCount === 0) {
    const error = yield* prepare(core.parent)
    if (error) return error
    const { prepare: begin } = core.ops
    const ret = begin ? Number((yield* call(() => begin(core.hw))) ?? 0) : 0
    if (ret) {
      yield* unprepare(core.parent)
      return ret
    }
  }
  core.prepareCount++
  return 0
}

export function* unprepare(core: ClockCore | null): Sim {
  if (!core) return
  const { name, flags } = core
  const where = 'clk_core_unprepare'
  if (core.prepareCount === 0)
    return complain(where, 'unprepared', `${name} already unprepared`, core)
  if (core.prepareCount === 1 && flags & CLK_IS_CRITICAL)
    return complain(where, 'critical', `Unpreparing critical ${name}`, core)
  if (--core.prepareCount > 0) return
  if (core.enableCount > 0) complain(where, 'enabled', `Unpreparing enabled ${name}`, core)
  const { unprepare: end } = core.ops
  if (end) yield* call(() => end(core.hw))
  yield* unprepare(core.parent)
}

function* enableHere(core: ClockCore | null): Sim<number> {
  if (!core) return 0
  if (core.prepareCount === 0) {
    complain('clk_core_enable', 'not-prepared', `Enabling unprepared ${core.name}`, core)
    return -ESHUTDOWN
  }
  if (core.enableCount === 0) {
    const error = yield* enableHere(core.parent)
    if (error) return error
    const { enable: on } = core.ops
    const ret = on ? Number((yield* call(() => on(core.hw))) ?? 0) : 0
    if (ret) {
      yield* disableHere(core.parent)
      return ret
    }
  }
  core.enableCount++
  return 0
}

function* disableHere(core: ClockCore | null): Sim {
  if (!core) return
  const where = 'clk_core_disable'
  if (core.enableCount === 0)
    return complain(where, 'disabled', `${core.name} already disabled`, core)
  if (core.enableCount === 1 && core.flags & CLK_IS_CRITICAL)
    return complain(where, 'critical', `Disabling critical ${core.name}`, core)
  if (--core.enableCount > 0) return
  const { disable: off } = core.ops
  if (off) yield* call(() => off(core.hw))
  yield* disableHere(core.parent)
}

/** Runs with interrupts off, as under the enable lock. */
function* atomically<T>(body: Sim<T>): Sim<T> {
  const flags = localIrqSave()
  const ret = yield* body
  localIrqRestore(flags)
  return ret
}
export const enable = (core: ClockCore | null): Sim<number> =>
  step('clk_core_enable', atomically(enableHere(core)))
export const disable = (core: ClockCore | null): Sim =>
  step('clk_core_disable', atomically(disableHere(core)))

/** In Hz. */
export function* rateOf(core: ClockCore | null): Sim<number> {
  if (!core) return 0
  const above = yield* rateOf(core.parent)
  const { recalc_rate: recalc } = core.ops
  return recalc ? Number(yield* call(() => recalc(core.hw, above))) : above
}

export function* setRate(core: ClockCore | null, rate: number): Sim<number> {
  if (!core) return 0
  const above = yield* rateOf(core.parent)
  const { set_rate: set } = core.ops
  if (set) return Number((yield* call(() => set(core.hw, rate, above))) ?? 0)
  return core.parent ? yield* setRate(core.parent, rate) : 0
}

/** Makes a clock known. 0 or -errno. */
export function* registerClock(
  _dev: device | null, hw: clk_hw, owner: module | null,
): Sim<number> {
  const { init } = hw
  if (!init) return -22
  const { byName } = clocks(machine())
  if (byName.has(init.name)) {
    kernelLog(machine()).print(3, `clk: clk_core_init: clk ${init.name} already initialized\n`)
    return -17
  }
  const parent = byName.get(init.parent_names?.[0] ?? '') ?? null
  const core = new ClockCore(hw, init, parent, owner)
  byName.set(init.name, core)
  hw.$core = core
  if (core.flags & CLK_IS_CRITICAL) {
    yield* prepare(core)
    yield* enable(core)
  }
  return 0
}

/** Users keep their handles; what they ask of the clock from now on fails. */
export function unregisterClock(hw: clk_hw): void {
  const core = hw.$core
  if (!core) return
  const log = kernelLog(machine())
  if (core.ops === NO_DRIVER) {
    log.print(3, `clk_unregister: unregistered clock: ${core.name}\n`)
    return
  }
  core.ops = NO_DRIVER
  clocks(machine()).byName.delete(core.name)
  if (core.prepareCount > 0)
    log.print(4, `clk_unregister: unregistering prepared clock: ${core.name}\n`)
}

/** One more user: false when the module of the clock is going. */
export function useClock(core: ClockCore, user: object): boolean {
  return tryModuleGet(core.owner, { holder: user, why: 'uses its clock' })
}
export function dropClock(core: ClockCore, user: object): void {
  modulePut(core.owner, { holder: user, why: 'uses its clock' })
}
