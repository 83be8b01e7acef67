import type { Sim } from '../../../src-sim/engine/suspend'
import type { mm_struct } from '../../../src-sim/kernel/mm/mm-struct'
import { NOTIFY, type MmSubscriptions, type mmu_notifier_range } from '../../../src-sim/kernel/mm/notify'
import type { page } from '../../../src-sim/kernel/mm/page'
import type { Pte } from '../../../src-sim/kernel/mm/page-table'
import { get_current } from '../../../src-sim/linux/sched'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'

export const PAGE = 4096
export const BASE = 0x10000000
const RW = libc.PROT_READ | libc.PROT_WRITE

export const mine = (): mm_struct => get_current().mm!
export const pte = (at: number, mm = mine()): Pte | null => mm.$table.get(at / PAGE)
export const pageAt = (at: number, mm = mine()): page | null => pte(at, mm)?.page ?? null

/** Private memory of so many pages at a fixed place. */
export function* map(pages: number, at = BASE, prot = RW): Sim<number> {
  const flags = libc.MAP_PRIVATE | libc.MAP_ANONYMOUS | libc.MAP_FIXED
  return yield* sim(libc.mmap(at, pages * PAGE, prot, flags, -1, 0))
}

export function* touch(at: number, pages: number): Sim {
  yield* sim(libc.memset(at, 1, pages * PAGE))
}

const NAMES = Object.fromEntries(Object.entries(NOTIFY).map(([name, n]) => [n, name]))

/** Writes down what subscribers of an address space are told: `start UNMAP 10000 2`. */
export class Recorded implements MmSubscriptions {
  readonly log: string[] = []
  readonly seen: (() => void)[] = []
  look: ((range: mmu_notifier_range) => void) | null = null;

  #say(what: string, range: mmu_notifier_range): void {
    const all = range.end - range.start > 2 ** 40
    const place = all ? 'all' : `${range.start.toString(16)} ${(range.end - range.start) / PAGE}`
    this.log.push(`${what} ${NAMES[range.event]} ${place}`)
    for (const look of this.seen) look()
    this.look?.(range)
  }

   
  *rangeStart(range: mmu_notifier_range): Sim<number> {
    this.#say('start', range)
    return 0
  }

   
  *rangeEnd(range: mmu_notifier_range): Sim {
    this.#say('end', range)
  }

   
  *release(mm: mm_struct): Sim {
    this.log.push(`release ${mm.mm_users.counter} ${get_current().mm === mm}`)
  }

  invalidateSecondaryTlbs(_mm: mm_struct, start: number, end: number): void {
    const pages = (end - start) / PAGE
    this.log.push(pages > 2 ** 28 ? 'tlb all' : `tlb ${start.toString(16)} ${pages}`)
  }

  destroy(): void {
    this.log.push('destroy')
  }
}

/** From here on, what the running program's address space tells is written down. */
export function record(mm = mine()): Recorded {
  const recorded = new Recorded()
  mm.notifier_subscriptions = recorded as unknown as typeof mm.notifier_subscriptions
  return recorded
}

/** The events without the flushes. */
export const events = (r: Recorded): string[] => r.log.filter((line) => !line.startsWith('tlb'))
export const both = (event: string): string[] => [`start ${event}`, `end ${event}`]
