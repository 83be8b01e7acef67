import { begin, clear, end, event, flowIn, flowOut, set } from '../declare'

/** Timers: include/trace/events/timer.h. */

export const timer_init = event('timer_init', 'timer', 'A timer is set up.', ['timer:obj'])
export const timer_start = event(
  'timer_start', 'timer', 'A timer is armed.',
  ['timer:obj', 'function:sym', 'expires:u64 jiffies', 'flags:hex'],
  [set('timer', 'armed'), flowOut('timer', 'timer')],
)
export const timer_cancel = event(
  'timer_cancel', 'timer', 'An armed timer is taken off.', ['timer:obj'], [clear('timer', 'armed')],
)
export const timer_shutdown = event(
  'timer_shutdown', 'timer', 'A timer can never be armed again.', ['timer:obj'],
  [clear('timer', 'armed'), set('timer', 'state', 'shut down')],
)
export const timer_expire_entry = event(
  'timer_expire_entry', 'timer', 'The function of a timer is called.',
  ['timer:obj', 'function:sym', 'now:u64 jiffies'],
  [
    begin('timer', '$function'), clear('timer', 'armed'), set('timer', 'running'),
    flowIn('timer', 'timer'),
  ],
)
export const timer_expire_exit = event(
  'timer_expire_exit', 'timer', 'The function of a timer returns.', ['timer:obj'],
  [end('timer'), clear('timer', 'running')],
)
export const hrtimer_setup = event(
  'hrtimer_setup', 'timer', 'A high-resolution timer is set up.',
  ['hrtimer:obj', 'clockid:u32', 'mode:hex'],
)
export const hrtimer_start = event(
  'hrtimer_start', 'timer', 'A high-resolution timer is armed.',
  ['hrtimer:obj', 'function:sym', 'expires:ns', 'softexpires:ns', 'mode:hex'],
  [set('hrtimer', 'armed'), flowOut('hrtimer', 'hrtimer')],
)
export const hrtimer_cancel = event(
  'hrtimer_cancel', 'timer', 'An armed high-resolution timer is taken off.', ['hrtimer:obj'],
  [clear('hrtimer', 'armed')],
)
export const hrtimer_expire_entry = event(
  'hrtimer_expire_entry', 'timer', 'The function of a high-resolution timer is called.',
  ['hrtimer:obj', 'function:sym', 'now:ns'],
  [
    begin('hrtimer', '$function'), clear('hrtimer', 'armed'), set('hrtimer', 'running'),
    flowIn('hrtimer', 'hrtimer'),
  ],
)
export const hrtimer_expire_exit = event(
  'hrtimer_expire_exit', 'timer', 'The function of a high-resolution timer returns.',
  ['hrtimer:obj'], [end('hrtimer'), clear('hrtimer', 'running')],
)
