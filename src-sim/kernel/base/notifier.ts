import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { call, point, type Sim } from '../../engine/suspend'
import { EBUSY, EEXIST, ENOENT } from '../errno'
import { vsprintf } from '../printk/format'
import { warn } from '../printk/warn'
import { WaitList } from '../sched/schedule'

export const NOTIFY_DONE = 0
export const NOTIFY_OK = 1
export const NOTIFY_STOP_MASK = 0x8000
export const NOTIFY_BAD = NOTIFY_STOP_MASK | 2
export const NOTIFY_STOP = NOTIFY_STOP_MASK | NOTIFY_OK

/** Somebody who wants to be called. A chain keeps the bare pointer (DM-65). */
export class notifier_block extends KernelObject {
  notifier_call: ((nb: notifier_block, action: number, data: any) => number) | null = null
  priority = 0

  constructor(init?: Partial<Pick<notifier_block, 'notifier_call' | 'priority'>>) {
    super()
    if (init) Object.assign(this, init)
  }
}

/** Blocks in the order of their priority, highest first. */
export class NotifierChain extends KernelObject {
  readonly blocks: notifier_block[] = []
  /** Callbacks that run right now; unregistering waits for them. */
  #running = 0
  readonly #idle = new WaitList()

  register(nb: notifier_block, unique = false): number {
    if (this.blocks.includes(nb)) {
      const text = vsprintf(machine(), 'notifier callback %ps already registered', [
        nb.notifier_call,
      ])
      warn(machine(), 'notifier-twice', 'kernel/notifier.c at notifier_chain_register', text, {
        rules: ['DM-65'],
      })
      return -EEXIST
    }
    if (unique && this.blocks.some((b) => b.priority === nb.priority)) return -EBUSY
    const at = this.blocks.findIndex((b) => b.priority < nb.priority)
    this.blocks.splice(at < 0 ? this.blocks.length : at, 0, nb)
    return 0
  }

  *unregister(nb: notifier_block): Sim<number> {
    const at = this.blocks.indexOf(nb)
    if (at < 0) return -ENOENT
    this.blocks.splice(at, 1)
    yield point(NotifierChain, nb)
    yield* this.#idle.waitUntil(() => this.#running === 0, this, 'running notifiers')
    return 0
  }

  *callChain(action: number, data: unknown): Sim<number> {
    let ret = NOTIFY_DONE
    this.#running++
    for (const nb of [...this.blocks]) {
      if (!this.blocks.includes(nb)) continue
      ret = (yield* call(() => nb.notifier_call!(nb, action, data))) as number
      if (ret & NOTIFY_STOP_MASK) break
    }
    if (--this.#running === 0) this.#idle.wakeAll()
    return ret
  }
}
