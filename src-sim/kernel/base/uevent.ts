import { machine } from '../../engine/current'
import { hidden } from '../../engine/object'
import { service } from '../../engine/service'
import { uevent as ueventEvent } from '../../trace/events'
import { emit } from '../emit'
import { EINVAL } from '../errno'
import { kernelLog } from '../printk/log'
import type { kobject } from './kobject'

export type UeventAction =
  'add' | 'remove' | 'change' | 'move' | 'online' | 'offline' | 'bind' | 'unbind'

/** What a set of kobjects says about its members to user space. */
export interface UeventFilter {
  /** False: this one is not announced. */
  filter?(kobj: kobject): boolean
  name?(kobj: kobject): string | null
  /** Adds `KEY=value` lines. */
  uevent?(kobj: kobject, env: string[]): void
}

export interface Uevent {
  action: UeventAction
  path: string
  env: string[]
  timeNs: number
}

/** What user space was told, in order. */
class Uevents {
  readonly sent: Uevent[] = []
  sequence = 0
}

export const uevents = service(() => new Uevents())

/** DM-54. Does not sleep. 0 or -errno. */
export function sendUevent(kobj: kobject, action: UeventAction, extra: string[] = []): number {
  const m = machine()
  let top: kobject | null = kobj
  while (top && !top.kset) top = top.parent
  if (!top?.kset) return -EINVAL
  if (action === 'remove') kobj.state_remove_uevent_sent = true
  if (kobj.uevent_suppress) return 0
  const ops = top.kset.uevent_ops
  if (ops?.filter && !ops.filter(kobj)) return 0
  const subsystem = ops?.name?.(kobj) ?? top.kset.kobj.name
  if (!subsystem) return 0
  const path = kobj.$directory?.path ?? `/${kobj.name ?? ''}`
  const all = uevents(m)
  const env = [`ACTION=${action}`, `DEVPATH=${path}`, `SUBSYSTEM=${subsystem}`, ...extra]
  ops?.uevent?.(kobj, env)
  if (action === 'add') kobj.state_add_uevent_sent = true
  const told = action === 'unbind' ? env.filter((line) => !line.startsWith('MODALIAS=')) : env
  all.sequence++
  told.push(`SEQNUM=${all.sequence}`)
  all.sent.push({ action, path, env: told, timeNs: m.nowNs })
  emit(ueventEvent, hidden(kobj).$parent ?? kobj, action)
  return 0
}

const ACTIONS: readonly UeventAction[] = [
  'add', 'remove', 'change', 'move', 'online', 'offline', 'bind', 'unbind',
]

/** Tells user space what a text asks for, as by writing to an `uevent` file. 0 or -EINVAL. */
export function synthesizeUevent(kobj: kobject, text: string): number {
  const word = text.replace(/[\n\0]$/, '').split(' ')[0]
  const action = ACTIONS.find((name) => name === word)
  if (action) return sendUevent(kobj, action, ['SYNTH_UUID=0'])
  const path = kobj.$directory?.path ?? 'unknown device'
  kernelLog(machine()).print(4, `synth uevent: ${path}: unknown uevent action string\n`)
  return -EINVAL
}
