import { debugfs_create_file, debugfs_remove, DEFINE_SIMPLE_ATTRIBUTE, type dentry } from 'linux/debugfs'
import { freezing, set_freezable, try_to_freeze } from 'linux/freezer'
import { interval_tree_insert, interval_tree_iter_first, interval_tree_iter_next, interval_tree_node, interval_tree_remove } from 'linux/interval_tree'
import { kthread_run, kthread_should_stop, kthread_stop } from 'linux/kthread'
import {
  RB_CLEAR_NODE, RB_EMPTY_NODE, RB_EMPTY_ROOT, RB_ROOT, RB_ROOT_CACHED, rb_add, rb_entry, rb_erase, rb_find, rb_first, rb_insert_color,
  rb_last, rb_link_node, rb_next, rb_node, rb_prev, rbtree_postorder_for_each_entry_safe, type rb_root,
} from 'linux/rbtree'
import { current, type task_struct } from 'linux/sched'
import { kfree, kzalloc, GFP_KERNEL } from 'linux/slab'
import { ptr_to, type ptr } from 'linux/types'
import { DECLARE_WAIT_QUEUE_HEAD, wait_event_freezable, wake_up } from 'linux/wait'
import { KLAB, KLAB_PROBE_EXIT } from './klab'

class item {
  key = 0
  node = new rb_node()
}
const tree = RB_ROOT()
const wq = DECLARE_WAIT_QUEUE_HEAD('wq')
let round = 0
let thread: task_struct

function insert(root: rb_root, data: item): boolean {
  let link = ptr_to(root, 'rb_node') as ptr<rb_node | null>
  let parent: rb_node | null = null
  while (link.value) {
    const this_ = rb_entry(link.value, item, 'node')
    parent = link.value
    if (data.key < this_.key) link = ptr_to(link.value, 'rb_left')
    else if (data.key > this_.key) link = ptr_to(link.value, 'rb_right')
    else return false
  }
  rb_link_node(data.node, parent, link)
  rb_insert_color(data.node, root)
  return true
}
function less(a: rb_node, b: rb_node) {
  return rb_entry(a, item, 'node').key < rb_entry(b, item, 'node').key
}
function cmp(key: number, n: rb_node) {
  return key - rb_entry(n, item, 'node').key
}
function body(data: any) {
  set_freezable()
  while (!kthread_should_stop()) {
    const ret = wait_event_freezable(wq, () => round > 0 || kthread_should_stop())
    if (round > 0) {
      KLAB('thread', 'ret=%d round=%d', ret, round)
      round = 0
    }
    KLAB('thread', 'froze=%d', try_to_freeze())
  }
  return 3
}
function probe() {
  KLAB('rb', 'empty=%d', RB_EMPTY_ROOT(tree))
  for (const key of [50, 20, 80, 10, 30, 50]) {
    const i = kzalloc(item, GFP_KERNEL)!
    RB_CLEAR_NODE(i.node)
    i.key = key
    const ok = insert(tree, i)
    KLAB('rb', 'insert=%d ok=%d empty=%d', key, ok, RB_EMPTY_NODE(i.node))
    if (!ok) kfree(i)
  }
  const extra = kzalloc(item, GFP_KERNEL)!
  extra.key = 25
  rb_add(extra.node, tree, less)
  for (let n = rb_first(tree); n; n = rb_next(n)) KLAB('rb', 'key=%d', rb_entry(n, item, 'node').key)
  KLAB('rb', 'last=%d prev=%d', rb_entry(rb_last(tree)!, item, 'node').key, rb_entry(rb_prev(rb_last(tree)!)!, item, 'node').key)
  KLAB('rb', 'find=%d none=%d', rb_find(25, tree, cmp) === extra.node, rb_find(26, tree, cmp) === null)
  rb_erase(extra.node, tree)
  kfree(extra)
  let n = 0
  for (const i of rbtree_postorder_for_each_entry_safe(tree, item, 'node')) {
    n++
    kfree(i)
  }
  KLAB('rb', 'freed=%d', n)

  const root = RB_ROOT_CACHED()
  const spans: [number, number][] = [[10, 19], [15, 30], [40, 49], [0, 5]]
  const nodes = spans.map(([start, last]) => {
    const it = new interval_tree_node()
    it.start = start
    it.last = last
    interval_tree_insert(it, root)
    return it
  })
  for (let it = interval_tree_iter_first(root, 5, 40); it; it = interval_tree_iter_next(it, 5, 40)) KLAB('interval', '%lu-%lu', it.start, it.last)
  interval_tree_remove(nodes[3]!, root)
  KLAB('interval', 'none=%d', interval_tree_iter_first(root, 0, 9) === null)
  KLAB('interval', 'edge=%d', interval_tree_iter_first(root, 30, 39) === nodes[1])
  file = debugfs_create_file('klabpoke', 0o200, null, null, poke_fops)
  thread = kthread_run(body, null, 'klabfreeze')
}
function poke(data: any, val: number) {
  round++
  KLAB('poke', 'freezing=%d', freezing(thread))
  wake_up(wq)
  return 0
}
const poke_fops = DEFINE_SIMPLE_ATTRIBUTE('poke', null, poke, '%llu\n')
let file: dentry
function bye() {
  debugfs_remove(file)
  KLAB('exit', 'stop=%d', kthread_stop(thread))
}
KLAB_PROBE_EXIT('lib-trees', probe, bye)
