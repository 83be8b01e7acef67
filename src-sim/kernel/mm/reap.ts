import type { Sim } from '../../engine/suspend'
import { EAGAIN, EINTR, EINVAL, ESRCH } from '../errno'
import type { Process } from '../fs/process'
import { fatalSignalPending } from '../sched/signal'
import { mmapLockKillable, mmapUnlock, mmDrop, mmGrab, type mm_struct } from './mm-struct'
import { mmu_notifier_range, NOTIFY, notifyEnd, notifyStart } from './notify'
import { isAnonymous, VM, type vm_area_struct } from './vma'
import { finishGather, zapEntries, type Gather } from './zap'

/** Its private memory is what dies with a process; what is shared or of devices is left alone. */
const isReapable = (vma: vm_area_struct): boolean =>
  !(vma.vm_flags & VM.PFNMAP) && (isAnonymous(vma) || !(vma.vm_flags & VM.SHARED))

/**
 * Takes the private pages of a dying process before it gets to its own exit (MMUN-05). Subscribers
 * must not sleep; where one would have to, the mapping is skipped. False when that happened.
 */
export function* reapMm(mm: mm_struct): Sim<boolean> {
  let all = true
  for (const vma of [...mm.$vmas]) {
    if (!isReapable(vma)) continue
    const { vm_start: start, vm_end: end } = vma
    const range = new mmu_notifier_range(mm, NOTIFY.CLEAR, start, end, 0)
    if (yield* notifyStart(range)) {
      all = false
      continue
    }
    const gather: Gather = []
    zapEntries(vma, start, end, gather)
    yield* notifyEnd(range)
    finishGather(vma, start, end, gather)
  }
  return all
}

/** `process_mrelease`: reaps a process that has been killed. 0 or -errno. */
export function* releaseMemoryOf(p: Process): Sim<number> {
  const mm = p.mmIfUsed
  if (mm === null) return -ESRCH
  if (mm.$oomSkip) return 0
  if (!fatalSignalPending(p.task)) return -EINVAL
  mmGrab(mm)
  const killed = yield* mmapLockKillable(mm, false)
  const done = killed === 0 && (mm.$oomSkip || (yield* reapMm(mm)))
  if (killed === 0) mmapUnlock(mm, false)
  mmDrop(mm)
  if (killed) return -EINTR
  return done ? 0 : -EAGAIN
}
