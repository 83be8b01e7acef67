import { call_rcu, rcu_assign_pointer, rcu_barrier, rcu_dereference, rcu_head, rcu_read_lock, rcu_read_unlock } from 'linux/rcupdate'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { timer_delete_sync, mod_timer, timer_list, timer_setup } from 'linux/timer'
import { jiffies, msecs_to_jiffies } from 'linux/jiffies'
import { module_exit, module_init } from 'linux/module'
import { ENOMEM } from 'linux/errno'
import { container_of } from 'linux/container_of'

class tipc_discoverer {
  rcu = new rcu_head()
  num_nodes = 0
}

class tipc_bearer {
  disc: tipc_discoverer | null = null
  rx_timer = new timer_list()
}

let bearer: tipc_bearer | null = null

/** A packet arrives: the receive path, in softirq context. */
function tipc_disc_rcv(timer: timer_list) {
  const b = container_of(timer, tipc_bearer, 'rx_timer')
  rcu_read_lock()
  const disc = rcu_dereference(b, 'disc')
  if (disc) disc.num_nodes++
  rcu_read_unlock()
  mod_timer(b.rx_timer, jiffies + msecs_to_jiffies(4))
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

function tipc_init() {
  const b = kzalloc(tipc_bearer, GFP_KERNEL)
  if (!b) return -ENOMEM
  const disc = kzalloc(tipc_discoverer, GFP_KERNEL)
  if (!disc) {
    kfree(b)
    return -ENOMEM
  }
  rcu_assign_pointer(b, 'disc', disc)
  bearer = b
  timer_setup(b.rx_timer, tipc_disc_rcv, 0)
  mod_timer(b.rx_timer, jiffies + msecs_to_jiffies(4))
  return 0
}

function tipc_exit() {
  const b = bearer!
  timer_delete_sync(b.rx_timer)
  tipc_disc_delete(b)
  rcu_barrier() // waits for queued callbacks; synchronize_rcu() would wait for readers only
  kfree(b)
}

module_init(tipc_init)
module_exit(tipc_exit)
