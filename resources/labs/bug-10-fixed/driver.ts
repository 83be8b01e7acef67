import { platform_device_register_simple, platform_device_unregister, platform_driver_register, platform_driver_unregister, type platform_device } from 'linux/platform_device'
import { cancel_delayed_work_sync, delayed_work, INIT_DELAYED_WORK, schedule_delayed_work, to_delayed_work, type work_struct } from 'linux/workqueue'
import { mod_timer, timer_delete_sync, timer_list, timer_setup } from 'linux/timer'
import { jiffies, msecs_to_jiffies } from 'linux/jiffies'
import { devm_kzalloc } from 'linux/device'
import { GFP_KERNEL } from 'linux/slab'
import { container_of } from 'linux/container_of'
import { module_exit, module_init } from 'linux/module'
import { ENODEV, ENOMEM } from 'linux/errno'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { msleep } from 'linux/delay'

const POLL_INTERVAL_MS = 12

class tc_state {
  timer = new timer_list()
  hotplug = new delayed_work()
  plugged = 0
}

/** Reads over the bus whether a cable is plugged in. */
function tc_hotplug_work(work: work_struct) {
  const state = container_of(to_delayed_work(work), tc_state, 'hotplug')
  msleep(8)
  state.plugged++
}

/** Polls: the board has no interrupt line. */
function tc_poll(timer: timer_list) {
  const state = container_of(timer, tc_state, 'timer')
  schedule_delayed_work(state.hotplug, 0)
  mod_timer(timer, jiffies + msecs_to_jiffies(POLL_INTERVAL_MS))
}

/** The last step of the probe: nobody answers at the other end. */
function tc_start_stream(state: tc_state) {
  msleep(16)
  return -ENODEV
}

function tc_probe(pdev: platform_device) {
  const state = devm_kzalloc(pdev.dev, tc_state, GFP_KERNEL)
  if (!state) return -ENOMEM
  INIT_DELAYED_WORK(state.hotplug, tc_hotplug_work)
  timer_setup(state.timer, tc_poll, 0)
  mod_timer(state.timer, jiffies + msecs_to_jiffies(POLL_INTERVAL_MS))
  const ret = tc_start_stream(state)
  if (ret) {
    timer_delete_sync(state.timer) // first, because it is what queues the work
    cancel_delayed_work_sync(state.hotplug)
    return ret // devres frees the state
  }
  return 0
}

const tc_driver = { driver: { name: 'tc358743' }, probe: tc_probe }

let tc: platform_device

function tc_init() {
  const ret = platform_driver_register(tc_driver)
  if (ret) return ret
  tc = platform_device_register_simple('tc358743', -1, null, 0)
  if (IS_ERR(tc)) {
    platform_driver_unregister(tc_driver)
    return PTR_ERR(tc)
  }
  return 0
}

function tc_exit() {
  platform_device_unregister(tc)
  platform_driver_unregister(tc_driver)
}

module_init(tc_init)
module_exit(tc_exit)
