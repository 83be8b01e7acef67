import { KLAB, KLAB_PROBE } from './klab'
import { DEFINE_STATIC_KEY_FALSE, static_branch_dec, static_branch_disable, static_branch_enable, static_branch_inc, static_branch_unlikely, static_key_count } from 'linux/jump_label'
import { rcuwait, rcuwait_active, rcuwait_init, rcuwait_wait_event, rcuwait_wake_up } from 'linux/rcuwait'
import { stop_machine } from 'linux/stop_machine'
import { CPUHP_AP_ONLINE_DYN, cpuhp_remove_state, cpuhp_setup_state } from 'linux/cpuhotplug'
import { cpus_read_lock, cpus_read_unlock } from 'linux/cpu'
import { ASSERT_EXCLUSIVE_WRITER } from 'linux/kcsan-checks'
import { call_rcu_tasks_trace, rcu_barrier_tasks_trace, rcu_read_lock_trace, rcu_read_unlock_trace, synchronize_rcu_tasks_trace } from 'linux/rcupdate_trace'
import { rcu_head } from 'linux/rcupdate'
import { notifier_block, register_reboot_notifier, unregister_reboot_notifier } from 'linux/reboot'
import { TASK_UNINTERRUPTIBLE } from 'linux/sched'
import { irqs_disabled } from 'linux/irqflags'
import { kthread_run } from 'linux/kthread'
import { msleep } from 'linux/delay'
import { filp_open } from 'linux/fs'
import { IS_ERR, PTR_ERR } from 'linux/err'
class state { ups = 0; downs = 0; go = 0; callbacks = 0 }
const s = new state()
const key = DEFINE_STATIC_KEY_FALSE('key')
const wait = new rcuwait()
const nb = new notifier_block({ notifier_call: on_reboot })
function on_reboot(_nb: notifier_block, _action: number, _data: unknown) { return 0 }
function up(_cpu: number) { s.ups++; return 0 }
function down(_cpu: number) { s.downs++; return 0 }
function fails(_cpu: number) { return -12 }
function alone(data: state) { data.go++; return irqs_disabled() ? 7 : 0 }
function waiter(_p: null) {
  const ret = rcuwait_wait_event(wait, () => s.go === 2, TASK_UNINTERRUPTIBLE)
  KLAB('waiter', 'ret=%d', ret)
  return 0
}
function traced(_head: rcu_head) { s.callbacks++ }
function probe() {
  static_branch_enable(key)
  KLAB('key', 'on=%d count=%d', static_branch_unlikely(key), static_key_count(key))
  static_branch_disable(key)
  static_branch_inc(key)
  static_branch_inc(key)
  KLAB('counted', 'count=%d', static_key_count(key))
  static_branch_dec(key)
  static_branch_dec(key)
  KLAB('off', 'on=%d', static_branch_unlikely(key))
  KLAB('alone', 'ret=%d ran=%d', stop_machine(alone, s, null), s.go)
  rcuwait_init(wait)
  kthread_run(waiter, null, 'waiter')
  msleep(5)
  KLAB('woken', 'active=%d woke=%d', rcuwait_active(wait), rcuwait_wake_up(wait))
  msleep(5)
  s.go = 2
  rcuwait_wake_up(wait)
  msleep(5)
  KLAB('nobody', 'active=%d woke=%d', rcuwait_active(wait), rcuwait_wake_up(wait))
  const st = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, 'klab:online', up, down)
  KLAB('step', 'positive=%d ran=%d', st > 0, s.ups > 0)
  cpuhp_remove_state(st)
  KLAB('undone', 'same=%d', s.ups === s.downs)
  KLAB('failing', 'ret=%d', cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, 'klab:bad', fails, null))
  cpus_read_lock()
  cpus_read_unlock()
  ASSERT_EXCLUSIVE_WRITER(s, 'go')
  rcu_read_lock_trace()
  rcu_read_unlock_trace()
  synchronize_rcu_tasks_trace()
  call_rcu_tasks_trace(new rcu_head(), traced)
  rcu_barrier_tasks_trace()
  KLAB('traced', 'callbacks=%d', s.callbacks)
  KLAB('notifier', 'add=%d', register_reboot_notifier(nb))
  KLAB('notifier', 'del=%d again=%d', unregister_reboot_notifier(nb), unregister_reboot_notifier(nb))
  const f = filp_open('/dev/klab_none', 0, 0)
  KLAB('file', 'err=%d ret=%d', IS_ERR(f), PTR_ERR(f))
  return 0
}
KLAB_PROBE('kapi-switches', probe)
