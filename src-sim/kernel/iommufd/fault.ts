import type { Sim } from '../../engine/suspend'
import { EINVAL, EOPNOTSUPP, ESPIPE } from '../errno'
import type { iommu_domain } from '../iommu/domain'
import {
  IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE, IOMMU_FAULT_PAGE_REQUEST_PASID_VALID, IOMMU_PAGE_RESP_INVALID,
  IOMMU_PAGE_RESP_SUCCESS, type iopf_group,
} from '../iommu/iopf'
import { freeGroup, respondGroup } from '../iommu/iopf-report'
import { EventQueue, openQueue } from './event-file'
import type { Hwpt } from './hwpt'
import { AttachHandle } from './igroup'
import { allocObject } from './objects'
import type { Ucmd } from './ucmd'

/** Page requests that programs answer: drivers/iommu/iommufd/eventq.c (IOMMUFD-16). */

/** `struct iommu_hwpt_pgfault` and `struct iommu_hwpt_page_response`. */
export const PGFAULT_BYTES = 40
export const RESPONSE_BYTES = 8

/** Tables whose page requests go to programs, by their domains. */
const tables = new WeakMap<iommu_domain, Hwpt>()

export const handlesFaults = (domain: iommu_domain, hwpt: Hwpt): void =>
  void tables.set(domain, hwpt)

export class FaultQueue extends EventQueue {
  readonly type = 'fault'
  /** Not read yet. */
  readonly deliver: iopf_group[] = []
  /** Read and not answered, by the cookie. */
  readonly response = new Map<number, iopf_group>()

  get pending(): boolean {
    return this.deliver.length > 0
  }

  readEvents(buffer: Uint8Array, count: number): number {
    if (count % PGFAULT_BYTES) return -ESPIPE
    const out = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    let done = 0
    for (let group = this.deliver[0]; group; group = this.deliver[0]) {
      if (group.fault_count * PGFAULT_BYTES > count - done) return done || -EINVAL
      this.deliver.shift()
      const cookie = this.#cookie()
      this.response.set(cookie, group)
      for (const { fault } of group.faults) {
        put(out, done, group, fault.prm, cookie)
        done += PGFAULT_BYTES
      }
    }
    return done
  }

  #cookie(): number {
    let cookie = 1
    while (this.response.has(cookie)) cookie++
    return cookie
  }

  override *writeAnswers(buffer: Uint8Array, count: number): Sim<number> {
    if (count % RESPONSE_BYTES) return -ESPIPE
    const given = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    let done = 0
    while (done < count) {
      const cookie = given.getUint32(done, true)
      const code = given.getUint32(done + 4, true)
      const known = code === IOMMU_PAGE_RESP_SUCCESS || code === IOMMU_PAGE_RESP_INVALID
      const group = known ? this.response.get(cookie) : undefined
      if (!group) return done || -EINVAL
      this.response.delete(cookie)
      yield* answer(group, code)
      done += RESPONSE_BYTES
    }
    return done
  }

  /** Those that nobody will answer any more: all, or those of one attachment. */
  *refuse(handle: AttachHandle | null): Sim {
    const mine = (g: iopf_group): boolean => handle === null || g.attach_handle === handle
    for (const group of this.deliver.filter(mine)) {
      this.deliver.splice(this.deliver.indexOf(group), 1)
      yield* answer(group, IOMMU_PAGE_RESP_INVALID)
    }
    for (const [cookie, group] of [...this.response])
      if (mine(group)) {
        this.response.delete(cookie)
        yield* answer(group, IOMMU_PAGE_RESP_INVALID)
      }
  }

  *destroy(): Sim {
    yield* this.refuse(null)
  }
}

function* answer(group: iopf_group, code: number): Sim {
  yield* respondGroup(group, code)
  freeGroup(group)
}

function put(
  out: DataView, at: number, group: iopf_group, prm: iopf_group['last_fault']['fault']['prm'],
  cookie: number,
): void {
  const flags =
    (prm.flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID ? 1 : 0) |
    (prm.flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE ? 2 : 0)
  const device = group.attach_handle instanceof AttachHandle ? group.attach_handle.idev.id : 0
  const words = [flags, device, prm.pasid, prm.grpid, prm.perm, 0]
  for (const [i, word] of words.entries()) out.setUint32(at + 4 * i, word, true)
  out.setUint32(at + 24, prm.addr % 2 ** 32, true)
  out.setUint32(at + 28, Math.floor(prm.addr / 2 ** 32), true)
  out.setUint32(at + 32, 0, true)
  out.setUint32(at + 36, cookie, true)
}

/** The handler of domains with a queue: the program will say. */
export function handleFaultOf(group: iopf_group): number {
  const domain = group.attach_handle?.domain
  const queue = domain ? tables.get(domain)?.fault : null
  if (!queue) return -EINVAL
  queue.deliver.push(group)
  queue.wake()
  return 0
}

/** An attachment ends: what it asked for will not come. */
export function* answerPending(
  queue: FaultQueue | null, handle: AttachHandle | undefined,
): Sim {
  if (queue && handle) yield* queue.refuse(handle)
}

export function* faultAlloc(ucmd: Ucmd): Sim<number> {
  if (ucmd.cmd['flags']) return -EOPNOTSUPP
  const queue = allocObject(new FaultQueue(ucmd.ictx))
  if (typeof queue === 'number') return queue
  const out = { id: 'out_fault_id', fd: 'out_fault_fd' }
  return yield* openQueue(ucmd, '[iommufd-pgfault]', queue, out)
}
