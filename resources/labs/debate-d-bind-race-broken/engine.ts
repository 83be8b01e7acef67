import { IS_ERR } from 'linux/err'
import { msleep, usleep_range } from 'linux/delay'
import { kmap_local_page, kunmap_local } from 'linux/highmem'
import { kthread_run, kthread_should_stop, kthread_stop } from 'linux/kthread'
import { FOLL_WRITE, get_user_pages_remote, PAGE_SIZE, put_page, type page } from 'linux/mm'
import { mmap_read_lock, mmap_read_unlock } from 'linux/mmap_lock'
import type { task_struct } from 'linux/sched'
import type { mm_struct } from 'linux/sched/mm'
import { DEFINE_SPINLOCK, spin_lock, spin_unlock } from 'linux/spinlock'

/** How long the card works on what it has fetched. */
const DRAIN_MS = 50

/** What the card sees of a program: one page, or a table whose every entry faults. */
export type table_entry = 'present' | 'faulting' | 'none'

/** A card that works through a queue, in the memory of the program that filled the queue. */
export class engine {
  lock = DEFINE_SPINLOCK('engine.lock')
  entry: table_entry = 'none'
  shown: page | null = null
  writes = 0
  faults = 0
  thread: task_struct | null = null
}

/** One job: a write to the program's memory, if the table lets it through. */
function engine_job(e: engine) {
  spin_lock(e.lock)
  if (e.entry === 'present') {
    const bytes = kmap_local_page(e.shown!)
    bytes[0] = ++e.writes & 0xff
    kunmap_local(bytes)
  } else {
    // no message: programs could fill the log
    e.faults++
  }
  spin_unlock(e.lock)
}

function engine_thread(e: engine) {
  while (!kthread_should_stop()) {
    engine_job(e)
    usleep_range(100, 100)
  }
  return 0
}

/** Shows a page of a program to the card. The card keeps no reference: it is told. */
export function engine_bind(e: engine, mm: mm_struct, addr: number): number {
  const pages: page[] = []
  mmap_read_lock(mm)
  const got = get_user_pages_remote(mm, addr - (addr % PAGE_SIZE), 1, FOLL_WRITE, pages, null)
  mmap_read_unlock(mm)
  if (got < 1) return got
  put_page(pages[0]!)
  // the card's table is made
  usleep_range(200, 200)
  spin_lock(e.lock)
  e.shown = pages[0]!
  e.entry = 'present'
  spin_unlock(e.lock)
  return 0
}

/** From now on every access of the card faults. Nothing waits: the queue may go on. */
export function engine_fault_everything(e: engine) {
  spin_lock(e.lock)
  e.entry = 'faulting'
  e.shown = null
  spin_unlock(e.lock)
}

export function engine_start(e: engine) {
  const thread = kthread_run(engine_thread, e, 'engine')
  if (!IS_ERR(thread)) e.thread = thread
}

/** Lets the jobs that the card has fetched come to their end. */
export function engine_stop(e: engine) {
  const { thread } = e
  e.thread = null
  if (!thread) return
  msleep(DRAIN_MS)
  kthread_stop(thread)
}
