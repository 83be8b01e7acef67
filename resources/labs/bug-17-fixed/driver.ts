import { call_rcu, rcu_assign_pointer, rcu_barrier, rcu_dereference, rcu_head, rcu_read_lock, rcu_read_unlock } from 'linux/rcupdate'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { timer_delete_sync, mod_timer, timer_list, timer_setup } from 'linux/timer'
import { jiffies, msecs_to_jiffies } from 'linux/jiffies'
import { module_exit, module_init } from 'linux/module'
import { flush_work, INIT_WORK, schedule_work_on, work_struct } from 'linux/workqueue'
import { ENOMEM } from 'linux/errno'
import { container_of } from 'linux/container_of'

const BEARERS = 10

class tipc_discoverer {
  rcu = new rcu_head()
  num_nodes = 0
}

class tipc_bearer {
  disc: tipc_discoverer | null = null
}

class tipc_net {
  bearers: tipc_bearer[] = []
  rx_timer = new timer_list()
  stop_work = new work_struct()
}

let net: tipc_net | null = null

/** A packet arrives: the receive path, in softirq context. */
function tipc_disc_rcv(timer: timer_list) {
  const tn = container_of(timer, tipc_net, 'rx_timer')
  for (const b of tn.bearers) {
    rcu_read_lock()
    const disc = rcu_dereference(b, 'disc')
    if (disc) disc.num_nodes++
    rcu_read_unlock()
  }
  mod_timer(tn.rx_timer, jiffies + msecs_to_jiffies(4))
}

function tipc_disc_free_rcu(head: rcu_head) {
  kfree(container_of(head, tipc_discoverer, 'rcu'))
}

/** Readers may still be under way: the object is freed after a grace period. */
function tipc_disc_delete(b: tipc_bearer) {
  const disc = b.disc
  rcu_assign_pointer(b, 'disc', null)
  if (disc) call_rcu(disc.rcu, tipc_disc_free_rcu)
}

/** Runs on the CPU that the packets come in on. */
function tipc_net_stop(work: work_struct) {
  const tn = container_of(work, tipc_net, 'stop_work')
  for (const b of tn.bearers) tipc_disc_delete(b)
}

function tipc_net_free(tn: tipc_net) {
  for (const b of tn.bearers) {
    if (b.disc) kfree(b.disc)
    kfree(b)
  }
  kfree(tn)
}

function tipc_enable_bearer(tn: tipc_net) {
  const b = kzalloc(tipc_bearer, GFP_KERNEL)
  if (!b) return -ENOMEM
  tn.bearers.push(b)
  const disc = kzalloc(tipc_discoverer, GFP_KERNEL)
  if (!disc) return -ENOMEM
  rcu_assign_pointer(b, 'disc', disc)
  return 0
}

function tipc_init() {
  const tn = kzalloc(tipc_net, GFP_KERNEL)
  if (!tn) return -ENOMEM
  for (let i = 0; i < BEARERS; i++) {
    const err = tipc_enable_bearer(tn)
    if (err) {
      tipc_net_free(tn)
      return err
    }
  }
  net = tn
  INIT_WORK(tn.stop_work, tipc_net_stop)
  timer_setup(tn.rx_timer, tipc_disc_rcv, 0)
  mod_timer(tn.rx_timer, jiffies + msecs_to_jiffies(4))
  return 0
}

function tipc_exit() {
  const tn = net!
  timer_delete_sync(tn.rx_timer)
  schedule_work_on(1, tn.stop_work)
  flush_work(tn.stop_work)
  rcu_barrier() // waits for queued callbacks; synchronize_rcu() would wait for readers only
  tipc_net_free(tn)
}

module_init(tipc_init)
module_exit(tipc_exit)
