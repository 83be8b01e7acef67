import { forget_device, try_calls } from './driver'
import { module_param } from 'linux/moduleparam'
import { module_exit, module_init } from 'linux/module'

/** Uses the device from outside of its driver, in the state that it is in when this is loaded. */
const state = module_param<string>('state', 'unknown', 0)

module_init(function later_init() {
  try_calls(state.value)
  if (state.value === 'zombie') forget_device()
  return 0
})
module_exit(function later_exit() {})
