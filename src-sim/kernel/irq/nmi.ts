import type { Cpu } from '../../engine/cpu'
import { machine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import { nmi_handler as nmiHandlerEvent } from '../../trace/events'
import { named } from '../api'
import { emit } from '../emit'
import { EINVAL } from '../errno'
import { kernelLog } from '../printk/log'
import { warn } from '../printk/warn'
import { rcuReadLock, rcuReadUnlock } from '../rcu/tree'
import { synchronizeRcu } from '../rcu/update'
import { inNmi } from './context'

export const NMI_DONE = 0
export const NMI_HANDLED = 1

export const NMI_LOCAL = 0
export const NMI_UNKNOWN = 1
export const NMI_SERR = 2
export const NMI_IO_CHECK = 3

export const NMI_FLAG_FIRST = 1

/** Answers how many events it found: NMI_DONE for none. `regs` is null here. */
export type nmi_handler_t = (type: number, regs: null) => number

interface Action {
  handler: nmi_handler_t
  name: string
}

/** Who looks at a non-maskable interrupt, by type. All of a type are asked at every one. */
export class Nmis {
  readonly lists: Action[][] = [[], [], [], []]

  /** Reaches the CPU whatever it masks. A second one merges with one that waits, as in hardware. */
  raise(machine: Machine, cpu: Cpu): void {
    if (cpu.interrupts[0]?.nmi === true) return
    machine.interrupt(cpu, { name: 'NMI', source: this, nmi: true, start: () => exc_nmi(this, cpu) })
  }
}

export const nmis = service(() => new Nmis())

const exc_nmi = named('exc_nmi', function* (all: Nmis, cpu: Cpu): Sim {
  if ((yield* ask(all, NMI_LOCAL)) > 0) return
  if ((yield* ask(all, NMI_UNKNOWN)) > 0) return
  const log = kernelLog(machine())
  log.print(0, `Uhhuh. NMI received for unknown reason 00 on CPU ${cpu.id}.`)
  log.print(0, 'Dazed and confused, but trying to continue')
})

function* ask(all: Nmis, type: number): Sim<number> {
  let handled = 0
  rcuReadLock()
  for (const action of [...all.lists[type]!]) {
    yield point(exc_nmi, action)
    const found = (yield* call(() => action.handler(type, null))) as number
    emit(nmiHandlerEvent, action.handler, found)
    handled += found
  }
  rcuReadUnlock()
  return handled
}

/** 0, or -EINVAL without a handler. */
export function registerNmiHandler(
  type: number,
  handler: nmi_handler_t | null,
  flags: number,
  name: string,
): number {
  const list = nmis(machine()).lists[type]
  if (handler === null || list === undefined) return -EINVAL
  if (type >= NMI_SERR && list.length > 0)
    warn(machine(), 'nmi-second-handler', 'arch/x86/kernel/nmi.c at __register_nmi_handler', null, {
      printsOnce: true,
    })
  if (flags & NMI_FLAG_FIRST) list.unshift({ handler, name })
  else list.push({ handler, name })
  return 0
}

/** Takes the handler off, and waits until no NMI can be in it any more. */
export function* unregisterNmiHandler(type: number, name: string): Sim {
  const list = nmis(machine()).lists[type] ?? []
  const at = list.findIndex((action) => action.name === name)
  if (at < 0) return
  if (inNmi()) {
    const text = `Trying to free NMI (${name}) from NMI context!`
    warn(machine(), 'nmi-free', 'arch/x86/kernel/nmi.c at unregister_nmi_handler', text, {
      once: false,
    })
  }
  list.splice(at, 1)
  yield* synchronizeRcu('synchronize_rcu', false)
}
