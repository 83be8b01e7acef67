import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { EBUSY, EINVAL, ENOENT, ENOMEM, EOVERFLOW, EPERM } from '../errno'
import { defineMutex, mutexUnlock } from '../locking/mutex'
import { upRead, upWrite } from '../locking/rwsem'
import { faultInjection } from '../mm/fault-injection'
import type { page } from '../mm/page'
import { readPhysical, writePhysical } from '../mm/phys-access'
import { contiguous, type AreaPart } from './area'
import { complain } from './complain'
import type { Ioas } from './ioas'
import { readLock, takeMutex, writeLock } from './lock'
import {
  allocObject, destroyByOwner, finalizeObject, getObject, IommufdObject, putObject,
  type iommufd_ctx,
} from './objects'
import { overflows, SPACE_END } from './ranges'

export const IOMMUFD_ACCESS_RW_READ = 0
export const IOMMUFD_ACCESS_RW_WRITE = 1

/** What a driver without hardware behind it offers. */
export interface iommufd_access_ops {
  /** It pins pages: areas must be made of whole ones. */
  needs_pin_pages?: number | boolean
  /** Everything pinned in a stretch must be unpinned before this returns. */
  unmap?: ((data: any, iova: number, length: number) => void) | null
}

/** A driver in the kernel that uses an address space as a device would (IOMMUFD-14). */
export class iommufd_access extends IommufdObject {
  readonly type = 'access'
  readonly ops: iommufd_access_ops
  readonly data: unknown
  readonly alignment: number
  ioas: Ioas | null = null
  /** The address space that pins may still be in. */
  unpinFrom: Ioas | null = null
  readonly lock = defineMutex('&access->ioas_lock')

  constructor(ictx: iommufd_ctx, ops: iommufd_access_ops, data: unknown) {
    super(ictx)
    this.ops = ops
    this.data = data
    this.alignment = ops.needs_pin_pages ? PAGE_SIZE : 1
  }

  *destroy(): Sim {
    yield* takeMutex(this.lock)
    if (this.ioas) yield* changeIoas(this, null)
    mutexUnlock(this.lock)
  }

  *tellUnmap(iova: number, length: number): Sim {
    const { unmap } = this.ops
    if (!unmap) return
    this.users++
    yield* call(() => unmap(this.data, iova, length))
    this.users--
  }
}

/** Registers a driver with a context; `id` gets the number. Or -errno. */
export function createAccess(
  ictx: iommufd_ctx, ops: iommufd_access_ops, data: unknown, id: { value: number },
): iommufd_access | number {
  const access = allocObject(new iommufd_access(ictx, ops, data))
  if (typeof access === 'number') return access
  access.users++
  finalizeObject(access)
  id.value = access.id
  return access
}

export const destroyAccess = (access: iommufd_access): Sim => destroyByOwner(access)

/** Lock held; the old address space hears that everything must go first. */
function* changeIoas(access: iommufd_access, to: Ioas | null): Sim<number> {
  const from = access.ioas
  if (from !== access.unpinFrom) return -EBUSY
  if (from === to) return 0
  access.ioas = null
  if (to) {
    const error = yield* join(access, to)
    if (error) {
      access.ioas = from
      return error
    }
    to.users++
  }
  if (from) {
    mutexUnlock(access.lock)
    yield* access.tellUnmap(0, SPACE_END)
    yield* takeMutex(access.lock)
    yield* leave(access, from)
    from.users--
  }
  access.ioas = to
  access.unpinFrom = to
  return 0
}

function* join(access: iommufd_access, { iopt }: Ioas): Sim<number> {
  if (faultInjection(machine()).shouldFail('iopt_add_access')) return -ENOMEM
  yield* writeLock(iopt.domainsLock)
  yield* writeLock(iopt.iovaLock)
  iopt.accesses.push(access)
  const error = iopt.realign()
  if (error) iopt.accesses.pop()
  upWrite(iopt.iovaLock)
  upWrite(iopt.domainsLock)
  return error
}

function* leave(access: iommufd_access, { iopt }: Ioas): Sim {
  yield* writeLock(iopt.domainsLock)
  yield* writeLock(iopt.iovaLock)
  iopt.accesses.splice(iopt.accesses.indexOf(access), 1)
  iopt.realign()
  upWrite(iopt.iovaLock)
  upWrite(iopt.domainsLock)
}

function* changeById(access: iommufd_access, id: number): Sim<number> {
  const to = getObject(access.ictx, id, 'ioas')
  if (typeof to === 'number') return to
  const ret = yield* changeIoas(access, to as Ioas)
  putObject(to)
  return ret
}

export function* attachAccess(access: iommufd_access, id: number): Sim<number> {
  yield* takeMutex(access.lock)
  const twice = access.ioas !== null
  if (twice) complain('access-attached', 'iommufd_access_attach', access)
  const ret = twice ? -EINVAL : yield* changeById(access, id)
  mutexUnlock(access.lock)
  return ret
}

export function* replaceAccess(access: iommufd_access, id: number): Sim<number> {
  yield* takeMutex(access.lock)
  const ret = access.ioas ? yield* changeById(access, id) : -ENOENT
  mutexUnlock(access.lock)
  return ret
}

export function* detachAccess(access: iommufd_access): Sim {
  yield* takeMutex(access.lock)
  if (!access.ioas || (yield* changeIoas(access, null)))
    complain('access-detached', 'iommufd_access_detach', access)
  mutexUnlock(access.lock)
}

const whole = ({ area, start, end }: AreaPart): boolean =>
  area.byteAt(start) % PAGE_SIZE === 0 && (end - start) % PAGE_SIZE === 0

/** Pages of a part, pinned; or -errno. */
function* pinPart(part: AreaPart, write: boolean): Sim<page[] | number> {
  const { area, start, end } = part
  const pages = area.pages!
  if (area.preventAccess || !whole(part) || pages.source.fixed) return -EINVAL
  if (write && !pages.writable) return -EPERM
  const first = area.pageAt(start)
  const count = (end - start) / PAGE_SIZE
  const held = yield* pages.hold(first, count)
  if (held) return held
  area.accesses++
  return Array.from({ length: count }, (_, i) => pages.pageAt(first + i))
}

function* unpinPart({ area, start, end }: AreaPart): Sim {
  yield* area.pages!.letGo(area.pageAt(start), (end - start) / PAGE_SIZE)
  area.accesses--
}

/** IOMMUFD-14: pins what is behind a stretch; `out` gets the pages. 0 or -errno. */
export function* pinPages(
  access: iommufd_access, iova: number, length: number, out: page[], flags: number,
): Sim<number> {
  if (length === 0) return -EINVAL
  if (overflows(iova, length)) return -EOVERFLOW
  yield* takeMutex(access.lock)
  const ret = access.ioas ? yield* pinIn(access.ioas, iova, length, out, flags) : -ENOENT
  mutexUnlock(access.lock)
  return ret
}

function* pinIn(
  { iopt }: Ioas, iova: number, length: number, out: page[], flags: number,
): Sim<number> {
  yield* readLock(iopt.iovaLock)
  const done: AreaPart[] = []
  const found: page[] = []
  let ret = 0
  for (const part of partsUpTo(iopt.areas, iova, length)) {
    const pages = part ? yield* pinPart(part, (flags & IOMMUFD_ACCESS_RW_WRITE) !== 0) : -ENOENT
    if (typeof pages === 'number') {
      ret = pages
      break
    }
    done.push(part!)
    found.push(...pages)
  }
  if (ret) for (const part of done) yield* unpinPart(part)
  else for (const [i, p] of found.entries()) out[i] = p
  upRead(iopt.iovaLock)
  return ret
}

/** The parts of a stretch in their order; null in place of the first hole. */
function* partsUpTo(
  areas: IoPagetableAreas, iova: number, length: number,
): Generator<AreaPart | null> {
  const end = Math.min(iova + length, SPACE_END)
  for (let at = iova; at < end; ) {
    const area = areas.find((a) => a.start <= at && at < a.end)
    if (!area?.pages) return yield null
    const last = Math.min(end, area.end)
    yield { area, start: at, end: last }
    at = last
  }
}
type IoPagetableAreas = Ioas['iopt']['areas']

/** Undoes `pinPages` for exactly what it was asked for. */
export function* unpinPages(access: iommufd_access, iova: number, length: number): Sim {
  yield* takeMutex(access.lock)
  const ioas = access.unpinFrom
  if (!ioas || overflows(iova, length)) complain('unpin', 'iommufd_access_unpin_pages', access)
  else {
    yield* readLock(ioas.iopt.iovaLock)
    const parts = contiguous(ioas.iopt.areas, iova, length)
    if (!parts) complain('unpin', 'iommufd_access_unpin_pages', access)
    for (const part of parts ?? []) yield* unpinPart(part)
    upRead(ioas.iopt.iovaLock)
  }
  mutexUnlock(access.lock)
}

/** Copies between a buffer and what is behind a stretch. 0 or -errno. */
export function* rwAccess(
  access: iommufd_access, iova: number, data: Uint8Array, length: number, flags: number,
): Sim<number> {
  if (length === 0) return -EINVAL
  if (overflows(iova, length)) return -EOVERFLOW
  yield* takeMutex(access.lock)
  const ret = access.ioas ? yield* rwIn(access.ioas, iova, data, length, flags) : -ENOENT
  mutexUnlock(access.lock)
  return ret
}

function* rwIn(
  { iopt }: Ioas, iova: number, data: Uint8Array, length: number, flags: number,
): Sim<number> {
  yield* readLock(iopt.iovaLock)
  let ret = 0
  for (const part of partsUpTo(iopt.areas, iova, length)) {
    ret = part ? yield* rwPart(part, data.subarray(part.start - iova, part.end - iova), flags) : -ENOENT
    if (ret) break
  }
  upRead(iopt.iovaLock)
  return ret
}

function* rwPart({ area, start, end }: AreaPart, data: Uint8Array, flags: number): Sim<number> {
  const pages = area.pages!
  const write = (flags & IOMMUFD_ACCESS_RW_WRITE) !== 0
  if (area.preventAccess || pages.source.fixed) return -EINVAL
  if (write && !pages.writable) return -EPERM
  const first = area.pageAt(start)
  const count = area.pageAt(end - 1) - first + 1
  const held = yield* pages.hold(first, count)
  if (held) return held
  for (let at = start; at < end; ) {
    const byte = area.byteAt(at)
    const offset = byte % PAGE_SIZE
    const piece = data.subarray(at - start, Math.min(end, at + PAGE_SIZE - offset) - start)
    const phys = pages.physAt(Math.floor(byte / PAGE_SIZE))! + offset
    if (write) writePhysical(phys, piece)
    else readPhysical(phys, piece)
    at += piece.length
  }
  yield* pages.letGo(first, count)
  return 0
}
