import { msleep } from 'linux/delay'
import { ENODEV } from 'linux/errno'
import { type file, type inode } from 'linux/fs'
import { kthread_run } from 'linux/kthread'
import { THIS_MODULE } from 'linux/module'
import {
  pde_data, proc_create, proc_create_data, proc_create_seq, proc_create_single, proc_create_single_data, proc_mkdir,
  proc_remove, remove_proc_entry, remove_proc_subtree, type proc_dir_entry, type proc_ops,
} from 'linux/proc_fs'
import { seq_file, seq_printf, seq_puts, SEQ_START_TOKEN } from 'linux/seq_file'
import { KLAB, KLAB_PROBE_EXIT } from './klab'

let dir: proc_dir_entry | null = null
let fail = 0

function op(i: inode, f: file) {
  KLAB('open', 'data=%d', pde_data(i).n)
  f.private_data = pde_data(i)
  return fail
}
function rd(f: file, buf: any, n: number, pos: { value: number }) {
  KLAB('read', 'enter=1')
  msleep(40)
  KLAB('read', 'leave=1')
  return 0
}
function wr(f: file, buf: any, n: number) {
  if (buf[0] === 0x72) kthread_run(remover, null, 'remover')
  if (buf[0] === 0x66) fail = -ENODEV
  return n
}
function rl(i: inode, f: file) {
  KLAB('release', 'called=1')
  return 0
}
const ops: proc_ops = { proc_open: op, proc_read: rd, proc_write: wr, proc_release: rl }
function remover() {
  msleep(10)
  proc_remove(dir)
  KLAB('remover', 'end=1')
  return 0
}
function single(m: seq_file, v: any) {
  seq_printf(m, 'data=%d\n', m.private === null ? -1 : m.private.n)
  return 0
}
function start(m: seq_file, pos: { value: number }) {
  return pos.value === 0 ? SEQ_START_TOKEN : pos.value <= 3 ? { n: pos.value } : null
}
function next(m: seq_file, v: any, pos: { value: number }) {
  pos.value++
  return pos.value <= 3 ? { n: pos.value } : null
}
function stop(m: seq_file, v: any) {}
function show(m: seq_file, v: any) {
  if (v === SEQ_START_TOKEN) seq_puts(m, 'head\n')
  else seq_printf(m, 'line %d\n', v.n)
  return 0
}
function probe() {
  dir = proc_mkdir('klab', null)
  KLAB('dir', 'ok=%d again=%d', dir !== null, proc_mkdir('klab', null) === null)
  KLAB('create', 'ok=%d', proc_create_data('dev', 0o644, dir, ops, { n: 9 }) !== null)
  KLAB('create', 'dup=%d', proc_create('dev', 0, dir, ops) === null)
  KLAB('create', 'path=%d', proc_create_single('klab/one', 0, null, single) !== null)
  KLAB('create', 'nowhere=%d', proc_create_single('klub/one', 0, null, single) === null)
  KLAB('create', 'two=%d', proc_create_single_data('two', 0, dir, single, { n: 2 }) !== null)
  KLAB('create', 'seq=%d', proc_create_seq('seq', 0, dir, { start, next, stop, show }) !== null)
  KLAB('create', 'pid=%d', proc_create_single('123', 0, null, single) === null)
  remove_proc_entry('nothing', dir)
  KLAB('remove', 'subtree=%d', remove_proc_subtree('nothing', dir))
  proc_remove(null)
}
function bye() {
  KLAB('exit', 'called=1')
  proc_mkdir('klab2', null)
  proc_create_single('klab2/b', 0, null, single)
  proc_create_single('klab2/a', 0, null, single)
  remove_proc_entry('klab2', null)
}
KLAB_PROBE_EXIT('fs-proc', probe, bye)
