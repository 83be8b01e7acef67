import { report } from '../../kernel/report'
import type { Holder } from './held'
import type { Lockdep } from './lockdep'
import { heldLines, lockWarning } from './text'

/** A lock in allocated memory that nobody initialised. */
export function nonStaticKey(lockdep: Lockdep, lock: object): void {
  if (!lockdep.locking.debugLocksOff()) return
  report(lockdep.machine, {
    kind: 'lockdep.non-static-key',
    title: 'INFO: trying to register non-static key.',
    details: [
      'The code is fine but needs lockdep annotation, or maybe',
      "you didn't initialize this object before use?",
      'turning off the locking correctness validator.',
    ],
    objects: [lock],
    rules: ['LD-R15'],
    help: 'lockdep',
  })
}

/** Something that needs a reader, or must not have one. Lockdep stays on. */
export function suspiciousRcu(
  lockdep: Lockdep,
  holder: Holder,
  text: string,
  source: string,
): void {
  const site = `${lockdep.machine.runtime.p} ${source} ${text}`
  if (lockdep.suspicious.has(site)) return
  lockdep.suspicious.add(site)
  lockWarning(lockdep, {
    kind: 'lockdep.rcu',
    once: false,
    header: 'WARNING: suspicious RCU usage',
    body: [
      `${source} ${text}!`,
      '',
      'other info that might help us debug this:',
      '',
      '',
      'rcu_scheduler_active = 2, debug_locks = 1',
      ...heldLines(lockdep.machine, holder),
    ],
    rules: ['LD-R14'],
  })
}
