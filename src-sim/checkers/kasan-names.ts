/**
 * In which function of the kernel a pointer into freed memory is first followed, when lab code
 * hands it to an exported one. Functions that C has inline trip in their caller.
 */

const INLINE =
  /^(kref_|refcount_|atomic|list_|hlist_|llist_|(__)?(test|set|clear|change)_bit|READ_ONCE|WRITE_ONCE|rcu_(dereference|assign|access|replace)|RCU_INIT|smp_|kfifo_(put|get|len|is)|timer_pending|work_pending|delayed_work_pending|hrtimer_(is_queued|active|get|set)|completion_done|waitqueue_active|wq_has_sleeper|tasklet_(enable|disable_nosync)|raw_read_seqcount|read_seq|kthread_data|this_cpu_|per_cpu|mutex_is_locked|spin_is_locked)/

const PLACES: readonly [pattern: RegExp, inside: string][] = [
  [/^(queue|schedule)_work/, 'queue_work_on'],
  [/^(queue|schedule)_delayed_work/, 'queue_delayed_work_on'],
  [/^flush_(delayed_)?work$/, '__flush_work'],
  [/^mutex_unlock$/, '__mutex_unlock_slowpath'],
  [/^mutex_(try)?lock/, '__mutex_lock'],
  [/^(raw_)?spin_unlock/, 'do_raw_spin_unlock'],
  [/^(raw_)?spin_(try)?lock/, '__lock_acquire'],
  [/^(read|write)_(try)?lock/, '__lock_acquire'],
  [/^down/, '__lock_acquire'],
  [/^up$/, '__lock_acquire'],
  [/^complete(_all)?$/, '__lock_acquire'],
  [/^(wait_for_completion|try_wait_for_completion)/, '__lock_acquire'],
  [/^wake_up/, '__lock_acquire'],
  [/^(add|remove)_wait_queue|^prepare_to_wait|^finish_wait/, '__lock_acquire'],
]

/** The name to show for a call of `operation`; '' for the caller itself. */
export function firstAccess(operation: string): string {
  if (INLINE.test(operation)) return ''
  return PLACES.find(([pattern]) => pattern.test(operation))?.[1] ?? operation
}
