import { container_of } from 'linux/container_of'
import { ENOMEM } from 'linux/errno'
import { kref, kref_get, kref_init, kref_put } from 'linux/kref'
import { module_exit, module_init } from 'linux/module'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { DEFINE_SPINLOCK, spin_lock, spin_unlock } from 'linux/spinlock'
import { DECLARE_WORK, flush_work, schedule_work, type work_struct } from 'linux/workqueue'

class entry {
  ref = new kref()
}

const table_lock = DEFINE_SPINLOCK('table_lock')
let table: entry | null = null

/** The entry leaves the table only after its count has become zero. */
function entry_release(ref: kref) {
  const e = container_of(ref, entry, 'ref')
  spin_lock(table_lock)
  table = null
  spin_unlock(table_lock)
  kfree(e)
}

/** The entry found, with a reference of the caller. */
function entry_find(): entry | null {
  spin_lock(table_lock)
  const found = table
  if (found) kref_get(found.ref) // perhaps the count is zero already
  spin_unlock(table_lock)
  return found
}

function lookup_fn(work: work_struct) {
  const e = entry_find()
  if (e) kref_put(e.ref, entry_release)
}

let owned: entry

function owner_fn(work: work_struct) {
  kref_put(owned.ref, entry_release)
}

const lookup_work = DECLARE_WORK('lookup_work', lookup_fn)
const owner_work = DECLARE_WORK('owner_work', owner_fn)

function table_init() {
  const e = kzalloc(entry, GFP_KERNEL)
  if (!e) return -ENOMEM
  kref_init(e.ref)
  owned = e
  table = e
  schedule_work(lookup_work)
  schedule_work(owner_work)
  return 0
}

function table_exit() {
  flush_work(owner_work)
  flush_work(lookup_work)
}

module_init(table_init)
module_exit(table_exit)
