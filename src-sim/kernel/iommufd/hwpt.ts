import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { EINVAL, ENOENT, ENOMEM, EOPNOTSUPP } from '../errno'
import { isErr, ptrErr } from '../err'
import { allocPaging, freeDomain } from '../iommu/default-domain'
import { IOMMU_DOMAIN_NESTED, IOMMU_DOMAIN_UNMANAGED, type iommu_domain } from '../iommu/domain'
import { IOMMU_CAP_DIRTY_TRACKING, opsOf } from '../iommu/ops'
import { mutexUnlock } from '../locking/mutex'
import { faultInjection } from '../mm/fault-injection'
import { capable } from './capable'
import { complain } from './complain'
import type { iommufd_device } from './device'
import { handleFaultOf, handlesFaults, type FaultQueue } from './fault'
import type { Ioas } from './ioas'
import { takeMutex } from './lock'
import {
  abortObject, allocObject, finalizeObject, getObject, IommufdObject, putObject, removeById,
  type iommufd_ctx,
} from './objects'
import type { Ucmd } from './ucmd'
import type { Viommu } from './viommu'

/** Page tables of hardware, as programs ask for them: drivers/iommu/iommufd/hw_pagetable.c. */

export const IOMMU_HWPT_ALLOC_NEST_PARENT = 1
export const IOMMU_HWPT_ALLOC_DIRTY_TRACKING = 2
export const IOMMU_HWPT_FAULT_ID_VALID = 4
export const IOMMU_HWPT_ALLOC_PASID = 8
export const IOMMU_HWPT_DATA_NONE = 0

/** What a program says about a table of its own. */
export interface UserData {
  type: number
  uptr: unknown
  len: number
}

export abstract class Hwpt extends IommufdObject {
  domain: iommu_domain | null = null
  fault: FaultQueue | null = null
  /** It can be attached beside PASIDs, and to them. */
  pasidCompatible = false

  /** Its addresses come from an address space; null for a table of the program's own. */
  abstract readonly ioas: Ioas | null

  *freeOwn(): Sim {
    if (this.domain) yield* freeDomain(this.domain)
    if (this.fault) this.fault.users--
  }
}

/** A table that the kernel fills from an address space. */
export class HwptPaging extends Hwpt {
  readonly type = 'hwpt-paging'
  readonly ioas: Ioas
  /** Nobody asked for it by itself: it goes with its last device. */
  auto = false
  nestParent = false
  #added = false

  constructor(ictx: iommufd_ctx, ioas: Ioas) {
    super(ictx)
    this.ioas = ioas
    ioas.users++
  }

  /** The domain gets all that is mapped. */
  *join(): Sim<number> {
    const ret = yield* this.ioas.iopt.addDomain(this.domain!)
    if (!ret) {
      this.#added = true
      this.ioas.hwpts.push(this)
    }
    return ret
  }

  *destroy(): Sim {
    if (this.#added) {
      this.ioas.hwpts.splice(this.ioas.hwpts.indexOf(this), 1)
      yield* this.ioas.iopt.removeDomain(this.domain!)
    }
    yield* this.freeOwn()
    this.ioas.users--
  }
}

/** A table that a program writes itself, below one of the kernel's. */
export class HwptNested extends Hwpt {
  readonly type = 'hwpt-nested'
  readonly ioas = null
  readonly parent: HwptPaging
  readonly viommu: Viommu | null

  constructor(ictx: iommufd_ctx, parent: HwptPaging, viommu: Viommu | null) {
    super(ictx)
    this.parent = parent
    this.viommu = viommu
    if (viommu) viommu.users++
    else parent.users++
  }

  *destroy(): Sim {
    yield* this.freeOwn()
    if (this.viommu) this.viommu.users--
    else this.parent.users--
  }
}

const VALID =
  IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING | IOMMU_HWPT_FAULT_ID_VALID |
  IOMMU_HWPT_ALLOC_PASID

function checkPaging(idev: iommufd_device, flags: number, data: UserData | null): number {
  const ops = opsOf(idev.dev)
  if (flags && !data && !ops?.domain_alloc_paging_flags) return -EOPNOTSUPP
  if (flags & ~VALID) return -EOPNOTSUPP
  if (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING && !capable(idev.dev, IOMMU_CAP_DIRTY_TRACKING))
    return -EOPNOTSUPP
  const both = IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_NEST_PARENT
  return (flags & both) === both ? -EOPNOTSUPP : 0
}

function* pagingDomain(
  idev: iommufd_device, flags: number, data: UserData | null,
): Sim<iommu_domain> {
  const ops = opsOf(idev.dev)!
  const make = ops.domain_alloc_paging_flags
  if (!make) return yield* allocPaging(idev.dev)
  const asked = flags & ~IOMMU_HWPT_FAULT_ID_VALID
  const domain = yield* call(() => make(idev.dev, asked, data))
  if (isErr(domain)) return domain
  domain.type = IOMMU_DOMAIN_UNMANAGED
  domain.owner = ops
  domain.ops ??= ops.default_domain_ops ?? null
  return domain
}

/** `ioas->mutex` held. The table with everything mapped, not to be found yet; or -errno. */
export function* allocPagingHwpt(
  ictx: iommufd_ctx, ioas: Ioas, idev: iommufd_device, flags: number, data: UserData | null,
): Sim<HwptPaging | number> {
  const wrong = checkPaging(idev, flags, data)
  if (wrong) return wrong
  const hwpt = allocObject(new HwptPaging(ictx, ioas))
  if (typeof hwpt === 'number') {
    ioas.users--
    return hwpt
  }
  hwpt.pasidCompatible = (flags & IOMMU_HWPT_ALLOC_PASID) !== 0
  hwpt.nestParent = (flags & IOMMU_HWPT_ALLOC_NEST_PARENT) !== 0
  const ret = yield* setUp(hwpt, idev, flags, data)
  if (!ret) return hwpt
  yield* abortObject(hwpt)
  return ret
}

function* setUp(
  hwpt: HwptPaging, idev: iommufd_device, flags: number, data: UserData | null,
): Sim<number> {
  if (faultInjection(machine()).shouldFail('iommu_domain')) return -ENOMEM
  const domain = yield* pagingDomain(idev, flags, data)
  if (isErr(domain)) return ptrErr(domain)
  domain.$cookie = 'iommufd'
  hwpt.domain = domain
  const enforce = domain.ops?.enforce_cache_coherency
  if (idev.enforceCoherency && !(enforce && (yield* call(() => enforce(domain))))) {
    complain('enforce-coherency', 'iommufd_hwpt_paging_alloc', hwpt)
    return -EINVAL
  }
  return yield* hwpt.join()
}

/** A program's own table in one of the kernel's, or in what a virtual IOMMU has. */
function* allocNested(
  ictx: iommufd_ctx, parent: HwptPaging, viommu: Viommu | null, idev: iommufd_device,
  flags: number, data: UserData | null,
): Sim<HwptNested | number> {
  const ops = opsOf(idev.dev)
  const make = viommu ? viommu.ops?.alloc_domain_nested : ops?.domain_alloc_nested
  if (flags & ~(IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID) || !data || !make)
    return -EOPNOTSUPP
  const foreign = parent.domain?.owner !== ops
  if (!viommu && (parent.auto || !parent.nestParent || foreign)) return -EINVAL
  const hwpt = allocObject(new HwptNested(ictx, parent, viommu))
  if (typeof hwpt === 'number') {
    if (viommu) viommu.users--
    else parent.users--
    return hwpt
  }
  hwpt.pasidCompatible = (flags & IOMMU_HWPT_ALLOC_PASID) !== 0
  const asked = flags & ~IOMMU_HWPT_FAULT_ID_VALID
  const domain = viommu
    ? yield* call(() => viommu.ops!.alloc_domain_nested!(viommu, asked, data))
    : yield* call(() => ops!.domain_alloc_nested!(idev.dev, parent.domain!, asked, data))
  if (isErr(domain)) {
    yield* abortObject(hwpt)
    return ptrErr(domain)
  }
  domain.owner = ops
  domain.type = IOMMU_DOMAIN_NESTED
  domain.$cookie = 'iommufd'
  hwpt.domain = domain
  return hwpt
}

/** IOMMUFD-12. */
export function* hwptAlloc(ucmd: Ucmd): Sim<number> {
  const { cmd, ictx } = ucmd
  if (cmd['__reserved']) return -EOPNOTSUPP
  const { data_type: type, data_len: len } = cmd
  if ((type === IOMMU_HWPT_DATA_NONE) !== (len === 0)) return -EINVAL
  const idev = getObject(ictx, cmd['dev_id'], 'device')
  if (typeof idev === 'number') return idev
  const data = len ? { type, len, uptr: cmd['data_uptr'] as unknown } : null
  const target = getObject(ictx, cmd['pt_id'])
  let ret = -EINVAL
  if (typeof target !== 'number') {
    ret = yield* hwptFor(ucmd, target, idev as iommufd_device, data)
    putObject(target)
  }
  putObject(idev)
  return ret
}

function* hwptFor(
  ucmd: Ucmd, target: IommufdObject, idev: iommufd_device, data: UserData | null,
): Sim<number> {
  const { cmd, ictx } = ucmd
  let hwpt: Hwpt | number = -EINVAL
  const ioas = target.type === 'ioas' ? (target as Ioas) : null
  if (ioas) {
    yield* takeMutex(ioas.lock)
    hwpt = yield* allocPagingHwpt(ictx, ioas, idev, cmd['flags'], data)
  } else if (target.type === 'hwpt-paging')
    hwpt = yield* allocNested(ictx, target as HwptPaging, null, idev, cmd['flags'], data)
  else if (target.type === 'viommu') {
    const viommu = target as Viommu
    const sameIommu = viommu.iommuDev === idev.dev.iommu?.iommu_dev
    hwpt = sameIommu
      ? yield* allocNested(ictx, viommu.hwpt, viommu, idev, cmd['flags'], data)
      : -EINVAL
  }
  const ret = typeof hwpt === 'number' ? hwpt : yield* publish(ucmd, hwpt)
  if (ioas) mutexUnlock(ioas.lock)
  return ret
}

function* publish({ cmd, ictx, respond }: Ucmd, hwpt: Hwpt): Sim<number> {
  if (cmd['flags'] & IOMMU_HWPT_FAULT_ID_VALID) {
    const fault = getObject(ictx, cmd['fault_id'], 'fault')
    if (typeof fault === 'number') {
      yield* abortObject(hwpt)
      return -ENOENT
    }
    hwpt.fault = fault as FaultQueue
    hwpt.domain!.iopf_handler = handleFaultOf
    handlesFaults(hwpt.domain!, hwpt)
    fault.users++
    putObject(fault)
  }
  cmd['out_hwpt_id'] = hwpt.id
  const ret = respond()
  if (ret) yield* abortObject(hwpt)
  else finalizeObject(hwpt)
  return ret
}

/** A device has left it: one that nobody asked for by itself goes with the last. */
export function* dropHwpt(hwpt: Hwpt): Sim {
  hwpt.users--
  if (hwpt instanceof HwptPaging && hwpt.auto && hwpt.users === 1)
    yield* removeById(hwpt.ictx, hwpt.id)
}

export function* withHwpt(
  ucmd: Ucmd, id: number, body: (hwpt: HwptPaging) => Sim<number>,
): Sim<number> {
  const hwpt = getObject(ucmd.ictx, id, 'hwpt-paging')
  if (typeof hwpt === 'number') return hwpt
  const ret = yield* body(hwpt as HwptPaging)
  putObject(hwpt)
  return ret
}
