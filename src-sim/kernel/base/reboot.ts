import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { kernelLog } from '../printk/log'
import { NotifierChain } from './notifier'
import { shutDownDevices } from './shutdown'

/** The ways in which a machine goes down: what notifiers are told, and what is printed. */
const WAYS = {
  restart: { code: 1, text: 'Restarting system' },
  halt: { code: 2, text: 'System halted' },
  'power off': { code: 3, text: 'Power down' },
} as const
export type WayDown = keyof typeof WAYS

/** Those who want to know before the devices are shut down. */
export const rebootNotifiers = service(() => new NotifierChain())

/** Notifiers first, then `shutdown` of the devices; then nothing happens any more. */
export function* goDown(way: WayDown, command: string | null): Sim {
  const m = machine()
  const { code, text } = WAYS[way]
  yield* rebootNotifiers(m).callChain(code, command)
  yield* shutDownDevices()
  const more = way === 'restart' && command ? ` with command '${command}'` : ''
  kernelLog(m).print(0, `reboot: ${text}${more}`)
}
