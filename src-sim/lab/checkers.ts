import type { Machine } from '../engine/machine'
import type { RunOptions } from '../protocol'
import { attachAtomicSleep } from '../checkers/atomic-sleep'
import { attachDeviceState } from '../checkers/device-state'
import { attachDmaSanitizer } from '../checkers/dma'
import { attachDmaDebug } from '../checkers/dma-debug'
import { attachHardLockup } from '../checkers/hard-lockup'
import { attachHmm } from '../checkers/hmm'
import { attachIommu } from '../checkers/iommu'
import { attachHungTask } from '../checkers/hung-task'
import { attachKasan } from '../checkers/kasan'
import { attachKcsan } from '../checkers/kcsan'
import { attachLockdep } from '../checkers/lockdep'
import { attachMmuNotifier } from '../checkers/mmu-notifier'
import { attachObjectDebug } from '../checkers/odebug'
import { attachP2pdma } from '../checkers/p2pdma'
import { attachSoftLockup } from '../checkers/soft-lockup'
import { attachTextLifetime } from '../checkers/text-lifetime'
import { attachWrongType } from '../checkers/wrong-type'

type Attach = (machine: Machine, run: RunOptions) => void

/** Checkers of every run, in the order in which they listen. */
const ALWAYS: readonly Attach[] = [
  attachKasan,
  attachWrongType,
  attachObjectDebug,
  attachTextLifetime,
  attachAtomicSleep,
  (machine) => void attachLockdep(machine),
  (machine) => attachHungTask(machine),
  attachSoftLockup,
  attachHardLockup,
  attachDmaSanitizer,
  attachDmaDebug,
  attachIommu,
  attachDeviceState,
  attachP2pdma,
  attachMmuNotifier,
  attachHmm,
]

export function attachCheckers(machine: Machine, run: RunOptions): void {
  for (const attach of ALWAYS) attach(machine, run)
  if (run.kcsan === true) attachKcsan(machine)
}
