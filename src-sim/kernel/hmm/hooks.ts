import { Hook } from '../../base/disposable'
import { service } from '../../engine/service'
import type { page } from '../mm/page'
import type { hmm_range } from './range'

/** What checkers hear of mirrored pages. */
class HmmHooks {
  /** A range was looked up: its entries hold until its subscription is told of a change. */
  readonly filled = new Hook<[hmm_range]>()
  /** A driver makes a page, or an address, of an entry. */
  readonly used = new Hook<[entry: number, how: string]>()
  /** A page moves between the CPU's memory and a device's. */
  readonly migrated = new Hook<[from: page, to: page]>()
}

export const hmmHooks = service(() => new HmmHooks())
