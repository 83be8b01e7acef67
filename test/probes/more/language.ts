import { mutex, DEFINE_MUTEX, mutex_lock, mutex_unlock } from 'linux/mutex'
import { msleep } from 'linux/delay'
import { kzalloc, kfree, GFP_KERNEL, kcalloc } from 'linux/slab'
import { spinlock_t, spin_lock_init, spin_lock, spin_unlock } from 'linux/spinlock'
import { list_head, INIT_LIST_HEAD, list_add_tail, list_del, list_empty, list_first_entry, list_for_each_entry, list_for_each_entry_safe } from 'linux/list'
import { ENOMEM } from 'linux/errno'
import { scoped_guard } from 'linux/cleanup'
import { KLAB, KLAB_PROBE } from './klab'

enum state { IDLE, BUSY = 5, GONE }
const enum flag { A = 1 << 0, B = 1 << 1 }
type fn_t = (x: number) => number
interface ops { open?: fn_t; close: fn_t }
const lock = DEFINE_MUTEX('lock')
class base { x = 1; get twice() { return this.x * 2 } bump(n = 1) { msleep(1); this.x += n; return this.x } static count = 0 }
class derived extends base { #secret = 7; y: number | null = null; override bump(n = 2) { const r = super.bump(n); return r + this.#secret } }
class node { link = new list_head(); v = 0; constructor(v = 0) { this.v = v } }
class holder { lock = new spinlock_t(); head = new list_head(); arr = [new node(1), new node(2)]; bits = new Uint32Array(4) }
function sleepy(x: number) { msleep(1); return x * 10 }
const my_ops: ops = { close: (x) => sleepy(x) + 1 }
const table: Record<string, fn_t> = { a: sleepy, b(x) { return x } }
function err_path(fail: boolean): number {
  let ret = 0
  out: {
    mutex_lock(lock)
    if (fail) { ret = -ENOMEM; break out }
    ret = 1
  }
  mutex_unlock(lock)
  return ret
}
let calls = 0
function probe() {
  let s: state = state.BUSY
  switch (s as state) { case state.IDLE: KLAB('sw', 'idle=1'); break; case state.BUSY: KLAB('sw', 'busy=%d', s); default: KLAB('sw', 'fall=1') }
  KLAB('flag', 'v=%d', flag.A | flag.B)
  const d = new derived()
  KLAB('class', 'bump=%d twice=%d x=%d', d.bump(), d.twice, d.x)
  KLAB('ops', 'close=%d open=%d', my_ops.close(2), my_ops.open?.(3) ?? -1)
  KLAB('table', 'a=%d b=%d', table['a']!(1), table.b!(2))
  KLAB('err', 'fail=%d ok=%d', err_path(true), err_path(false))
  const h = kzalloc(holder, GFP_KERNEL)!
  spin_lock_init(h.lock)
  INIT_LIST_HEAD(h.head)
  for (const n of h.arr) list_add_tail(n.link, h.head)
  for (const n of list_for_each_entry(h.head, node, 'link')) KLAB('list', 'v=%d', n.v)
  for (const n of list_for_each_entry_safe(h.head, node, 'link')) list_del(n.link)
  KLAB('list', 'empty=%d', list_empty(h.head))
  const sorted = [3, 1, 2].sort((a, b) => (msleep(1), a - b))
  const mapped = sorted.map((x) => sleepy(x)).filter((x) => x > 10).reduce((a, b) => a + b, 0)
  KLAB('arr', 'sum=%d', mapped)
  const m = new Map<string, number>([['a', 1], ['b', 2]])
  for (const [k, v] of m) KLAB('map', '%s=%d', k, v)
  m.forEach((v, k) => { msleep(1); calls += v })
  const { x, ...rest } = { x: 1, y: 2, z: 3 }
  const [p, , q = 9] = [1, 2]
  KLAB('destr', '%d %d %d %d calls=%d', x, rest.y, p, q, calls)
  outer: for (let i = 0; i < 3; i++) { for (let j = 0; j < 3; j++) { if (j === 1) continue outer; if (i === 2) break outer; KLAB('loop', 'i=%d j=%d', i, j) } }
  try { msleep(1); KLAB('try', 'in=1') } finally { msleep(1); KLAB('try', 'finally=1') }
  let i = 0
  do { i++; msleep(1) } while (i < 3)
  KLAB('do', 'i=%d %s', i, `t${i}x`)
  const fns: (() => number)[] = []
  for (let k = 0; k < 3; k++) fns.push(() => k)
  KLAB('closure', '%d%d%d', fns[0]!(), fns[1]!(), fns[2]!())
  h.bits[1] = 0xffffffff
  h.bits[1]! += 2
  KLAB('u32', '%u %x %08x %5d|%-5d|%c|%%', h.bits[1], 255, 255, 42, 42, 65)
  {
    scoped_guard('mutex', lock, () => {
    KLAB('guard', 'in=1') })
  }
  kfree(h)
}
KLAB_PROBE('language', probe)
