import { cpu } from '../../../src-sim/engine/current'
import {
  fsReclaimAcquire,
  fsReclaimRelease,
  memallocNofsRestore,
  memallocNofsSave,
  mightAlloc,
} from '../../../src-sim/kernel/locking/fs-reclaim'
import {
  initLocalLock,
  local_lock_t,
  localLock,
  localUnlock,
} from '../../../src-sim/kernel/locking/local-lock'
import { localBhDisable, localBhEnable } from '../../../src-sim/kernel/irq/softirq'
import { localIrqDisable, localIrqEnable } from '../../../src-sim/kernel/irq/irqflags'
import { rcuReadLock, rcuReadUnlock } from '../../../src-sim/kernel/rcu/tree'
import * as rcu from '../../../src-sim/linux/rcupdate'
import { lockdep_set_subclass } from '../../../src-sim/linux/lockdep'
import { KINDS, type Cell, type KindName, type World } from './selftest-harness'

/** `AB BA`: each group is taken in order and given back in the opposite order. */
export const orders = (groups: string) => (kind: KindName) => (w: World): void => {
  for (const group of groups.split(' ')) w.nest(...[...group].map((n) => [kind, n] as [KindName, string]))
}

type Event = (w: World) => void

/** The events of a row in the order of a permutation such as `213`. */
export const permuted = (events: Event[], order: string): Event => (w) => {
  for (const digit of order) events[Number(digit) - 1]!(w)
}

export const PAIRS = ['12', '21']
export const TRIPLES = ['123', '132', '213', '231', '312', '321']

type Irq = 'hard' | 'soft'

/** The three-event rwlock cycles: `W1R2`. */
export const cycle = (name: string, order: string): Event =>
  permuted(
    name.split('/').map((pair) => (w: World) => {
      const step = (mode: string, n: string): [KindName, string] => [mode === 'W' ? 'wlock' : 'rlock', `${'XYZ'[Number(n) - 1]}1`]
      w.nest(step(pair[0]!, pair[1]!), step(pair[2]!, pair[3]!))
    }),
    order,
  )

export const irqFamilies = {
  /** Irq-safe A, taken with interrupts on. */
  on: (k: KindName, irq: Irq): Event[] => [
    (w) => w.irq(irq, () => w.nest([k, 'A'])),
    (w) => w.nest([k, 'A']),
  ],
  /** Hardirqs are switched on while A, used in softirqs, is held. */
  sirqSafe: (k: KindName): Event[] => [
    (w) => w.irq('soft', () => w.nest([k, 'A'])),
    (w) => {
      localIrqDisable()
      w.L(k, 'A')
      localIrqEnable()
      w.U(k, 'A')
    },
  ],
  safeOn: (k: KindName, irq: Irq): Event[] => [
    (w) => w.irq(irq, () => w.nest([k, 'A'])),
    (w) => {
      w.off(irq)
      w.L(k, 'A')
      w.on(irq)
      w.U(k, 'A')
    },
  ],
  unsafe1: (k: KindName, irq: Irq): Event[] => [
    (w) => w.nest([k, 'A'], [k, 'B']),
    (w) => w.nest([k, 'B']),
    (w) => w.irq(irq, () => w.nest([k, 'A'])),
  ],
  unsafe2: (k: KindName, irq: Irq): Event[] => [
    (w) => {
      w.off(irq)
      w.nest([k, 'A'], [k, 'B'])
      w.on(irq)
    },
    (w) => w.nest([k, 'B']),
    (w) => w.irq(irq, () => w.nest([k, 'A'])),
  ],
  inversion: (k: KindName, irq: Irq): Event[] => [
    (w) => {
      w.off(irq)
      w.nest(['wlock', 'A'], [k, 'B'])
      w.on(irq)
    },
    (w) => w.nest([k, 'B']),
    (w) => w.irq(irq, () => w.nest(['rlock', 'A'])),
  ],
  recursion1: (k: KindName, irq: Irq): Event[] => [
    (w) => {
      w.off(irq)
      w.nest(['wlock', 'A'])
      w.on(irq)
    },
    (w) => w.nest(['rlock', 'A']),
    (w) => w.irq(irq, () => w.nest([k, 'A'], ['spin', 'B'])),
  ],
  recursion2: (k: KindName, irq: Irq): Event[] => [
    (w) => {
      w.off(irq)
      w.nest(['spin', 'B'], [k, 'A'])
      w.on(irq)
    },
    (w) => w.nest(['rlock', 'A']),
    (w) => w.irq(irq, () => w.nest(['spin', 'B'])),
  ],
  recursion3: (k: KindName, irq: Irq): Event[] => [
    (w) => {
      w.off(irq)
      w.nest(['wlock', 'B'], [k, 'A'])
      w.on(irq)
    },
    (w) => w.nest(['rlock', 'A']),
    (w) => w.irq(irq, () => w.nest(['rlock', 'B'])),
  ],
}

const S = (run: (w: World) => void): Cell => ({ fails: false, run })
const F = (run: (w: World) => void): Cell => ({ fails: true, run })
export { S, F }

// Extra suites

export const queuedReads: Cell[] = [
  F((w) => {
    w.irq('hard', () => w.nest(['rlock', 'A'], ['wlock', 'B']))
    localIrqDisable()
    w.nest(['wlock', 'B'], ['rlock', 'A'])
    localIrqEnable()
  }),
  S((w) => {
    w.irq('hard', () => w.nest(['wlock', 'B'], ['rlock', 'A']))
    localIrqDisable()
    w.nest(['rlock', 'A'], ['wlock', 'B'])
    localIrqEnable()
  }),
  F((w) => {
    w.irq('hard', () => w.nest(['wlock', 'B']))
    localIrqDisable()
    w.nest(['wlock', 'B'], ['rlock', 'A'])
    localIrqEnable()
    w.nest(['rlock', 'A'])
  }),
]

const GFP_KERNEL = 0xcc0
const GFP_NOFS = 0xc40

export const fsReclaim: Cell[] = [
  S(() => {
    fsReclaimAcquire(GFP_KERNEL)
    mightAlloc('kmalloc', GFP_NOFS)
    fsReclaimRelease(GFP_KERNEL)
  }),
  F(() => {
    fsReclaimAcquire(GFP_KERNEL)
    mightAlloc('kmalloc', GFP_KERNEL)
    fsReclaimRelease(GFP_KERNEL)
  }),
  S(() => {
    fsReclaimAcquire(GFP_KERNEL)
    const flags = memallocNofsSave()
    mightAlloc('kmalloc', GFP_KERNEL)
    memallocNofsRestore(flags)
    fsReclaimRelease(GFP_KERNEL)
  }),
]

type Around = (w: World, body: () => void) => void

const AROUND: Record<string, [Around, string]> = {
  'in hardirq context': [(w, body) => w.irq('hard', body), 'SSSF'],
  'in hardirq context (not threaded)': [(w, body) => w.irq('hard', body, false), 'SSFF'],
  'in softirq context': [(w, body) => w.irq('soft', body), 'SSSF'],
  'in RCU context': [wrap(rcuReadLock, rcuReadUnlock), 'SSSF'],
  'in RCU-bh context': [wrap(rcu.rcu_read_lock_bh, rcu.rcu_read_unlock_bh), 'SSSF'],
  'in RCU-sched context': [wrap(rcu.rcu_read_lock_sched, rcu.rcu_read_unlock_sched), 'SSFF'],
  'in RAW_SPINLOCK context': [holding('raw'), 'SSFF'],
  'in SPINLOCK context': [holding('spin'), 'SSSF'],
  'in MUTEX context': [holding('mutex'), 'SSSS'],
}

function wrap(enter: () => unknown, leave: () => unknown): Around {
  return (_w, body) => {
    enter()
    body()
    leave()
  }
}

function holding(kind: KindName): Around {
  return (w, body) => {
    w.L(kind, 'A')
    body()
    w.U(kind, 'A')
  }
}

export function waitContexts(): [string, Cell[]][] {
  return Object.entries(AROUND).map(([title, [around, expected]]) => [
    title,
    (['rcu', 'raw', 'spin', 'mutex'] as const).map((inner, i) => ({
      fails: expected[i] === 'F',
      run: (w: World) =>
        around(w, () => {
          if (inner === 'rcu') {
            rcuReadLock()
            rcuReadUnlock()
          } else w.nest([inner, 'B'])
        }),
    })),
  ])
}

function percpu(): local_lock_t {
  const lock = new local_lock_t()
  initLocalLock(lock, 'local_A', lock)
  return lock
}

function inversion3(w: World, p: local_lock_t): void {
  localLock(p)
  w.nest(['spin', 'B'])
  localUnlock(p)
  w.irq('hard', () => w.nest(['spin', 'A']))
  localIrqDisable()
  w.L('spin', 'A')
  localLock(p)
  localUnlock(p)
  w.U('spin', 'A')
  localIrqEnable()
}

export const localLocks: [string, Cell][] = [
  [
    'local_lock inversion  2',
    S((w) => {
      const p = percpu()
      localLock(p)
      localUnlock(p)
      w.irq('hard', () => w.nest(['spin', 'A']))
      localIrqDisable()
      w.L('spin', 'A')
      localLock(p)
      localUnlock(p)
      w.U('spin', 'A')
      localIrqEnable()
    }),
  ],
  ['local_lock inversion 3A', S((w) => inversion3(w, percpu()))],
  [
    'local_lock inversion 3B',
    F((w) => {
      inversion3(w, percpu())
      localIrqDisable()
      w.nest(['spin', 'A'], ['spin', 'B'])
    }),
  ],
  [
    'hardirq_unsafe_softirq_safe',
    F((w) => {
      w.L('mutex', 'M')
      localIrqDisable()
      w.nest(['spin', 'C'])
      localIrqEnable()
      w.U('mutex', 'M')
      w.irq('hard', () => w.nest(['spin', 'A']))
      localIrqDisable()
      w.nest(['spin', 'A'], ['spin', 'B'])
      localIrqEnable()
      localIrqDisable()
      w.nest(['spin', 'B'], ['spin', 'C'])
      localIrqEnable()
      w.irq('soft', () => w.nest(['spin', 'D']))
      localBhDisable()
      w.nest(['spin', 'D'])
      localBhEnable()
      localIrqDisable()
      w.nest(['spin', 'C'], ['spin', 'D'])
      localIrqEnable()
    }),
  ],
]

export const subclassName: Cell = S((w) => {
  const sem = w.lockOf('rsem', 'X1') as { dep_map: { name: string } }
  const before = sem.dep_map.name
  lockdep_set_subclass(sem as never, 1)
  if (sem.dep_map.name !== before) throw new Error(`the name became ${sem.dep_map.name}`)
})

export const doubleUnlock = (k: KindName) => (w: World): void => {
  w.L(k, 'A')
  w.U(k, 'A')
  w.U(k, 'A')
  cpu().preemptCount = Math.max(0, cpu().preemptCount)
}

export const initialiseHeld = (k: KindName) => (w: World): void => {
  w.L(k, 'A')
  KINDS[k].init(w.lockOf(k, 'A'))
}
