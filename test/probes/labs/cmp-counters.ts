import { complete, complete_all, completion_done, DECLARE_COMPLETION, reinit_completion, try_wait_for_completion, wait_for_completion } from 'linux/completion'
import { KLAB, KLAB_PROBE } from './klab'

const c = DECLARE_COMPLETION('c')
function probe() {
  KLAB('start', 'done=%u try=%d is_done=%d', c.done, try_wait_for_completion(c), completion_done(c))
  complete(c)
  complete(c)
  KLAB('complete2', 'done=%u is_done=%d', c.done, completion_done(c))
  KLAB('try', 'ret=%d', try_wait_for_completion(c))
  wait_for_completion(c)
  KLAB('wait', 'done=%u', c.done)
  KLAB('try', 'ret=%d', try_wait_for_completion(c))
  complete_all(c)
  KLAB('complete_all', 'done=%u', c.done)
  wait_for_completion(c)
  KLAB('try', 'ret=%d', try_wait_for_completion(c))
  KLAB('after_waits', 'done=%u', c.done)
  complete(c)
  KLAB('complete_after_all', 'done=%u', c.done)
  reinit_completion(c)
  KLAB('reinit', 'done=%u is_done=%d', c.done, completion_done(c))
}
KLAB_PROBE('cmp-counters', probe)
