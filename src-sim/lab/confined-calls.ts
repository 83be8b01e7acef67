import type { ConfinedCalls, Confinement } from '../engine/footprint'
import { labApi } from '../linux'

/**
 * Functions of the kernel whose calls are independent of most others, by header. Everything that is
 * not listed counts as touching everything: to list too little costs schedules, to list what does
 * more than is said here loses some.
 */
const CALLS: Record<string, Partial<Record<Confinement, readonly string[]>>> = {
  'linux/spinlock': {
    reads: ['spin_is_locked', 'raw_spin_is_locked'],
    writes: [
      'spin_lock', 'spin_unlock', 'spin_trylock', 'raw_spin_lock', 'raw_spin_unlock',
      'raw_spin_trylock',
    ],
  },
  'linux/mutex': { writes: ['mutex_lock', 'mutex_unlock', 'mutex_trylock'] },
  'linux/kref': { reads: ['kref_read'], writes: ['kref_init', 'kref_get'] },
  'linux/refcount': {
    reads: ['refcount_read'],
    writes: ['refcount_set', 'refcount_inc', 'refcount_inc_not_zero', 'refcount_dec_and_test'],
  },
  'linux/atomic': {
    reads: ['atomic_read'],
    writes: [
      'atomic_set', 'atomic_inc', 'atomic_dec', 'atomic_inc_return', 'atomic_dec_return',
      'atomic_dec_and_test', 'atomic_inc_not_zero', 'atomic_xchg', 'atomic_cmpxchg',
    ],
  },
  'linux/pci': { reads: ['pci_get_drvdata'] },
  'linux/platform_device': { reads: ['platform_get_drvdata'] },
  'linux/device': { reads: ['dev_get_drvdata'] },
  'linux/delay': { sleeps: ['msleep', 'ssleep', 'usleep_range'] },
}

let known: ConfinedCalls | null = null

/** By the function itself, made when first asked for. */
export function confinedCalls(): ConfinedCalls {
  return (known ??= collect())
}

function collect(): Map<object, Confinement> {
  const out = new Map<object, Confinement>()
  for (const [header, kinds] of Object.entries(CALLS)) {
    const functions = labApi.get(header)!
    for (const [kind, names] of Object.entries(kinds))
      for (const name of names) out.set(functions[name] as object, kind as Confinement)
  }
  return out
}
