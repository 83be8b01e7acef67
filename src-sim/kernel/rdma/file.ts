import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { call, point, type Sim } from '../../engine/suspend'
import type { PhysAddr } from '../../base/units'
import { kref } from '../locking/refcount'
import { physicalMemory } from '../mm/physical'
import type { vm_area_struct } from '../mm/vma'
import { zapRange } from '../mm/zap'
import { warn } from '../printk/warn'
import { WaitList } from '../sched/schedule'
import { freeObject, type ib_device, type ib_pd, type ib_ucontext } from './device'
import type { UverbsDevice } from './uverbs'

/** Why things are torn down: decides what the driver is asked to do. */
export type RemoveReason = 'close' | 'driver remove' | 'driver failure'

/** Something that a program has made, in the order of making. */
export interface Uobject {
  id: number
  pd: ib_pd
  /** Somebody works with it now. */
  locked: boolean
}

/**
 * An open file of a verbs device. It outlives the device: `$context` is null before the program
 * has asked for one and again after disassociation.
 */
export class ib_uverbs_file extends KernelObject {
  ref = new kref()
  device: UverbsDevice | null = null
  ucontext: ib_ucontext | null = null
  /** @internal */
  readonly $objects: Uobject[] = []
  /** @internal */
  $nextId = 1
  /** @internal Mappings of the hardware, to be taken away. */
  readonly $umaps: vm_area_struct[] = []
  /** @internal Closing and disassociating take turns. */
  $busy = false
  /** @internal */
  readonly $turn = new WaitList()
  /** @internal What a writable mapping shows once the hardware is gone. */
  $dummyPage: PhysAddr | null = null
}

/**
 * Destroys what a program has made and its context, and the driver's part in it (DM-81). A close
 * at the same time does the same: whoever comes second finds nothing left.
 */
export function* destroyHardware(ufile: ib_uverbs_file, reason: RemoveReason): Sim {
  while (ufile.$busy) yield* ufile.$turn.waitUntil(() => !ufile.$busy, ufile, 'hw_destroy_rwsem')
  ufile.$busy = true
  const context = ufile.ucontext
  if (context) yield* destroyAll(ufile, context.device!, context, reason)
  ufile.$busy = false
  ufile.$turn.wakeOne()
}

function* destroyAll(
  ufile: ib_uverbs_file,
  ib: ib_device,
  context: ib_ucontext,
  reason: RemoveReason,
): Sim {
  const cleanup = ib.ops.ufile_hw_cleanup
  if (cleanup) yield* call(() => cleanup(ufile))
  while (ufile.$objects.length > 0 && (yield* destroyRound(ufile, ib, reason)));
  if (ufile.$objects.length > 0) {
    warn(
      machine(),
      'uobjects-left',
      'drivers/infiniband/core/rdma_core.c at uverbs_destroy_ufile_hw',
      null,
      { objects: [ufile], rules: ['DM-81'] },
    )
    yield* destroyRound(ufile, ib, 'driver failure')
  }
  yield* destroyContext(ufile, ib, context, reason)
}

/** One round over all objects, newest first. True when at least one went. */
function* destroyRound(ufile: ib_uverbs_file, ib: ib_device, reason: RemoveReason): Sim<boolean> {
  let some = false
  for (const object of [...ufile.$objects].reverse()) {
    if (object.locked)
      warn(
        machine(),
        'uobject-locked',
        'drivers/infiniband/core/rdma_core.c at __uverbs_cleanup_ufile',
        null,
        { rules: ['DM-81'] },
      )
    if ((yield* destroyObject(ufile, ib, object, reason)) === 0) some = true
  }
  return some
}

/** 0, or the driver's refusal: the object stays then. */
export function* destroyObject(
  ufile: ib_uverbs_file,
  ib: ib_device,
  object: Uobject,
  reason: RemoveReason,
): Sim<number> {
  const destroy = reason === 'driver failure' ? null : ib.ops.dealloc_pd
  if (destroy) {
    const ret = Number((yield* call(() => destroy(object.pd, null))) ?? 0)
    if (ret) return ret
  }
  const at = ufile.$objects.indexOf(object)
  if (at >= 0) ufile.$objects.splice(at, 1)
  freeObject(object.pd)
  return 0
}

function* destroyContext(
  ufile: ib_uverbs_file,
  ib: ib_device,
  context: ib_ucontext,
  reason: RemoveReason,
): Sim {
  if (reason === 'driver remove') {
    yield point(destroyHardware, ufile)
    for (const vma of ufile.$umaps.splice(0)) yield* zapRange(vma, vma.vm_start, vma.vm_end)
    const disassociate = ib.ops.disassociate_ucontext
    if (disassociate) yield* call(() => disassociate(context))
  }
  const dealloc = ib.ops.dealloc_ucontext
  if (dealloc) yield* call(() => dealloc(context))
  freeObject(context)
  ufile.ucontext = null
}

export function freeDummyPage(ufile: ib_uverbs_file): void {
  if (ufile.$dummyPage !== null) physicalMemory(machine()).freePages(ufile.$dummyPage, 1)
  ufile.$dummyPage = null
}
