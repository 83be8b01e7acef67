import { CLOCK_MONOTONIC, HRTIMER_MODE_ABS, HRTIMER_MODE_REL, HRTIMER_NORESTART, hrtimer, hrtimer_cancel, hrtimer_forward, hrtimer_forward_now, hrtimer_get_expires, hrtimer_set_expires, hrtimer_setup, hrtimer_start } from 'linux/hrtimer'
import { ktime_to_ns, ms_to_ktime, ns_to_ktime } from 'linux/ktime'
import { KLAB, KLAB_PROBE } from './klab'

function fn(t: hrtimer) {
  return HRTIMER_NORESTART
}
const h = new hrtimer()
function one(what: string, exp: number, now: number, iv: number) {
  hrtimer_set_expires(h, ns_to_ktime(exp))
  const o = hrtimer_forward(h, ns_to_ktime(now), ns_to_ktime(iv))
  KLAB('forward', '%s overruns=%llu expires=%lld', what, o, ktime_to_ns(hrtimer_get_expires(h)))
}
function probe() {
  hrtimer_setup(h, fn, CLOCK_MONOTONIC, HRTIMER_MODE_ABS)
  one('before', 1000000, 999999, 1000)
  one('equal', 1000000, 1000000, 1000)
  one('half', 1000000, 1000500, 1000)
  one('exactly_one', 1000000, 1001000, 1000)
  one('three_and_half', 1000000, 1003500, 1000)
  one('exactly_three', 1000000, 1003000, 1000)
  one('zero_interval', 1000000, 1000005, 0)
  hrtimer_start(h, ms_to_ktime(100000), HRTIMER_MODE_REL)
  KLAB('queued', 'overruns=%llu', hrtimer_forward_now(h, ms_to_ktime(1)))
  hrtimer_cancel(h)
}
KLAB_PROBE('hrt-forward', probe)
