import type { Sim } from '../../engine/suspend'
import { EEXIST, EINVAL, EOPNOTSUPP } from '../errno'
import { EventQueue, openQueue } from './event-file'
import { allocObject } from './objects'
import type { Ucmd } from './ucmd'
import { withViommu, type Viommu } from './viommu'

/** What happens to a virtual machine's devices, for the program that runs it (IOMMUFD-18). */

export const IOMMU_VEVENTQ_TYPE_DEFAULT = 0
export const IOMMU_VEVENTQ_FLAG_LOST_EVENTS = 1
const MAX_DEPTH = 2 ** 19
const HEADER_BYTES = 8

interface Vevent {
  sequence: number
  data: Uint8Array
}

export class Veventq extends EventQueue {
  readonly type = 'veventq'
  readonly viommu: Viommu
  readonly kind: number
  readonly depth: number
  readonly #events: Vevent[] = []
  #sequence = 0
  /** Some were lost since the last that was queued. */
  #lost: Vevent | null = null

  constructor(viommu: Viommu, kind: number, depth: number) {
    super(viommu.ictx)
    this.viommu = viommu
    this.kind = kind
    this.depth = depth
    viommu.users++
    viommu.queues.push(this)
  }

  get pending(): boolean {
    return this.#events.length > 0 || this.#lost !== null
  }

  /** From any context; a full queue loses events, and says so once. */
  add(data: Uint8Array): void {
    const sequence = this.#sequence
    this.#sequence = (sequence + 1) % 2 ** 31
    if (this.#events.length >= this.depth) this.#lost = { sequence, data: new Uint8Array(0) }
    else this.#events.push({ sequence, data })
    this.wake()
  }

  readEvents(buffer: Uint8Array, count: number): number {
    const out = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    let done = 0
    for (;;) {
      const lost = this.#events.length === 0
      const event = lost ? this.#lost : this.#events[0]
      if (!event) return done
      if (HEADER_BYTES + event.data.length > count - done) return done || -EINVAL
      if (lost) this.#lost = null
      else this.#events.shift()
      out.setUint32(done, lost ? IOMMU_VEVENTQ_FLAG_LOST_EVENTS : 0, true)
      out.setUint32(done + 4, event.sequence, true)
      buffer.set(event.data, done + HEADER_BYTES)
      done += HEADER_BYTES + event.data.length
    }
  }

  *destroy(): Sim {
    this.viommu.queues.splice(this.viommu.queues.indexOf(this), 1)
    this.viommu.users--
  }
}

export function* veventqAlloc(ucmd: Ucmd): Sim<number> {
  const { cmd } = ucmd
  const { type, veventq_depth: depth } = cmd
  if (cmd['flags'] || cmd['__reserved'] || type === IOMMU_VEVENTQ_TYPE_DEFAULT) return -EOPNOTSUPP
  if (!depth || depth > MAX_DEPTH) return -EINVAL
  return yield* withViommu(ucmd, function* (viommu) {
    if (!viommu.ops?.supports_veventq?.(viommu, type)) return -EOPNOTSUPP
    if (viommu.queues.some((q) => q.kind === type)) return -EEXIST
    const queue = allocObject(new Veventq(viommu, type, depth))
    if (typeof queue === 'number') return queue
    return yield* openQueue(ucmd, '[iommufd-viommu-event]', queue, {
      id: 'out_veventq_id',
      fd: 'out_veventq_fd',
    })
  })
}
