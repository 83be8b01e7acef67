import { atomic_t, ATOMIC_INIT, atomic_read } from 'linux/atomic'
import {
  debugfs_create_atomic_t, debugfs_create_bool, debugfs_create_dir, debugfs_create_file, debugfs_create_u32,
  debugfs_create_u8, debugfs_create_x16, debugfs_create_x64, debugfs_create_str, debugfs_lookup, debugfs_remove,
  debugfs_remove_recursive, DEFINE_DEBUGFS_ATTRIBUTE, DEFINE_SHOW_ATTRIBUTE, type dentry,
} from 'linux/debugfs'
import { EEXIST, EIO } from 'linux/errno'
import { ERR_PTR, IS_ERR, PTR_ERR } from 'linux/err'
import { list_head, list_add_tail, INIT_LIST_HEAD, list_entry } from 'linux/list'
import { msleep } from 'linux/delay'
import { simple_open, type file, type file_operations } from 'linux/fs'
import { kthread_run } from 'linux/kthread'
import { DEFINE_SEQ_ATTRIBUTE, seq_file, seq_list_next, seq_list_start, seq_printf, seq_puts, SEQ_SKIP } from 'linux/seq_file'
import { ptr, ptr_to } from 'linux/types'
import { KLAB, KLAB_PROBE_EXIT } from './klab'

class item {
  n = 0
  link = new list_head()
}
const vals = { u8: 250, u32: 7, x16: 255, x64: 4096, flag: false, s: 'hello' }
const at = ATOMIC_INIT(-3)
const items = new list_head()
let root: dentry
let shows = 0
let num = 5

function one_show(m: seq_file, v: any) {
  shows++
  seq_printf(m, 'private=%d\n', m.private.n)
  return 0
}
const one_fops = DEFINE_SHOW_ATTRIBUTE('one', one_show)

function lst_start(m: seq_file, pos: { value: number }) {
  return seq_list_start(items, pos.value)
}
function lst_next(m: seq_file, v: any, pos: { value: number }) {
  return seq_list_next(v, items, pos)
}
function lst_stop(m: seq_file, v: any) {}
function lst_show(m: seq_file, v: any) {
  const i = list_entry(v, item, 'link')
  if (i.n === 2) return SEQ_SKIP
  seq_printf(m, 'item %d\n', i.n)
  return 0
}
const lst_fops = DEFINE_SEQ_ATTRIBUTE('lst', { start: lst_start, next: lst_next, stop: lst_stop, show: lst_show })

function big_show(m: seq_file, v: any) {
  shows++
  for (let i = 0; i < 600; i++) seq_puts(m, '0123456789')
  return 0
}
const big_fops = DEFINE_SHOW_ATTRIBUTE('big', big_show)

function num_get(data: any, val: { value: number }) {
  val.value = num
  return 0
}
function num_set(data: any, val: number) {
  if (val > 100) return -EEXIST
  num = val
  return 0
}
const num_fops = DEFINE_DEBUGFS_ATTRIBUTE('num', num_get, num_set, '%llu\n')

function slow_read(f: file, buf: any, count: number, pos: { value: number }) {
  KLAB('slow', 'enter=1 same=%d', f.private_data === vals)
  msleep(50)
  KLAB('slow', 'leave=1')
  return 0
}
const slow_fops: file_operations = { open: simple_open, read: slow_read }

function remover() {
  msleep(10)
  KLAB('remover', 'begin=1')
  debugfs_remove_recursive(root)
  KLAB('remover', 'end=1')
  return 0
}
function go(f: file, buf: any, count: number) {
  kthread_run(remover, null, 'remover')
  return count
}
const go_fops: file_operations = { write: go }

function probe() {
  INIT_LIST_HEAD(items)
  for (let n = 1; n <= 3; n++) {
    const i = new item()
    i.n = n
    list_add_tail(i.link, items)
  }
  root = debugfs_create_dir('klab', null)
  KLAB('dir', 'err=%d', IS_ERR(root))
  const again = debugfs_create_dir('klab', null)
  KLAB('dir', 'again=%ld', PTR_ERR(again))
  const below = debugfs_create_file('x', 0o444, again, null, one_fops)
  KLAB('file', 'below_error=%ld', PTR_ERR(below))
  debugfs_create_u8('u8', 0o644, root, ptr_to(vals, 'u8'))
  debugfs_create_u32('u32', 0o444, root, ptr_to(vals, 'u32'))
  debugfs_create_x16('x16', 0o644, root, ptr_to(vals, 'x16'))
  debugfs_create_x64('x64', 0o644, root, ptr_to(vals, 'x64'))
  debugfs_create_bool('flag', 0o644, root, ptr_to(vals, 'flag'))
  debugfs_create_str('str', 0o444, root, ptr_to(vals, 's') as ptr<string>)
  debugfs_create_atomic_t('atomic', 0o644, root, at)
  debugfs_create_file('one', 0o444, root, { n: 42 }, one_fops)
  debugfs_create_file('list', 0o444, root, null, lst_fops)
  debugfs_create_file('big', 0o444, root, null, big_fops)
  debugfs_create_file('num', 0o644, root, null, num_fops)
  debugfs_create_file('slow', 0o444, root, vals, slow_fops)
  debugfs_create_file('go', 0o200, root, null, go_fops)
  const dup = debugfs_create_file('one', 0o444, root, null, one_fops)
  KLAB('file', 'dup=%ld', PTR_ERR(dup))
  KLAB('lookup', 'one=%d none=%d', debugfs_lookup('one', root) !== null, debugfs_lookup('zero', root) === null)
  debugfs_remove(null)
  debugfs_remove(ERR_PTR(-EIO))
}
function bye() {
  KLAB('exit', 'shows=%d u8=%d atomic=%d flag=%d', shows, vals.u8, atomic_read(at), vals.flag)
  debugfs_remove_recursive(root)
}
KLAB_PROBE_EXIT('fs-debugfs', probe, bye)
