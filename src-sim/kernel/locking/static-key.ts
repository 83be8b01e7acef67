import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { point } from '../../engine/suspend'
import { mightSleep } from '../sched/schedule'
import { warn } from '../printk/warn'
import { markAccess } from './access'
import { defineMutex, mutexLock, mutexUnlock } from './mutex'

/** A switch that code asks all the time and that hardly ever changes. */
export class static_key extends KernelObject {
  enabled: number
  name: string

  constructor(enabled = 0, name = '') {
    super()
    this.enabled = enabled
    this.name = name
  }
}

const patching = service(() => defineMutex('jump_label_mutex'))

/** Rewriting the code is one at a time. */
function* patched(body: () => void): Sim {
  mightSleep('cpus_read_lock')
  const mutex = patching(machine())
  const wait = mutexLock(mutex)
  if (typeof wait !== 'number') yield* wait
  body()
  mutexUnlock(mutex)
}

function change(key: static_key, to: number): void {
  markAccess(key, 'enabled', true)
  key.enabled = to
}

const warnKey = (where: string): void =>
  warn(machine(), 'static-key', `kernel/jump_label.c at ${where}`, null, { printsOnce: true })

/** Sets a key that is used as a flag; one that is counted is left alone with a warning. */
export function* setKey(key: static_key, on: boolean): Sim {
  yield point(setKey, key)
  const [from, to] = on ? [0, 1] : [1, 0]
  if (key.enabled !== from) {
    if (key.enabled !== to) warnKey(on ? 'static_key_enable' : 'static_key_disable')
    return
  }
  yield* patched(() => {
    if (key.enabled === from) change(key, to)
  })
}

/** Counts users of the key: it is on while there are any. */
export function* countKey(key: static_key, by: 1 | -1): Sim {
  yield point(countKey, key)
  yield* patched(() => {
    if (key.enabled + by < 0) warnKey('__static_key_slow_dec_cpuslocked')
    else change(key, key.enabled + by)
  })
}

export function keyIsOn(key: static_key): boolean {
  markAccess(key, 'enabled', false)
  return key.enabled > 0
}
