import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { device } from '../base/device'
import { attachTo, detachFrom } from '../dma-buf/attach'
import type { dma_buf, dma_buf_attachment } from '../dma-buf/buffer'
import { putBuffer } from '../dma-buf/export'
import { pinBuffer, unpinBuffer } from '../dma-buf/map'
import { lockResv, unlockResv } from '../dma-buf/resv'
import { isErr, ptrErr } from '../err'
import { EINVAL, EOPNOTSUPP } from '../errno'
import { mutexUnlock } from '../locking/mutex'
import type { mm_struct } from '../mm/mm-struct'
import type { IoptArea } from './area'
import { revokeArea } from './fill'
import { takeMutex } from './lock'
import { makePages, type IoptPages, type PageSource } from './pages'

/** Registers of a device that an exporter lends by their physical addresses (DBUF-44). */

/** Where the memory of a buffer is. */
export interface PhysRange {
  phys: number
  length: number
}

/**
 * The exporters that tell physical addresses to this importer, and to no other: each answers null
 * for buffers that are not its own, -ENODEV for revoked ones, -EOPNOTSUPP for several ranges.
 */
export const physicalExporters = service(
  () => [] as ((attach: dma_buf_attachment) => PhysRange | number | null)[],
)

/** The importer is no device: this one stands for it in attachments. */
const pseudoDevice = service(() => {
  const dev = new device()
  dev.kobj.name = 'iommufd'
  return dev
})

function askExporter(attach: dma_buf_attachment): PhysRange | number {
  for (const ask of physicalExporters(machine())) {
    const answer = ask(attach)
    if (answer !== null) return answer
  }
  return -EOPNOTSUPP
}

/** An import: what is there until the exporter takes it back, for good. */
class Import implements PageSource {
  readonly kind = 'dma-buf'
  readonly areas = new Set<IoptArea>()
  readonly dmabuf: dma_buf
  readonly #start: number
  attach: dma_buf_attachment | null = null
  pages: IoptPages | null = null
  range: PhysRange | null = null

  constructor(dmabuf: dma_buf, start: number) {
    this.dmabuf = dmabuf
    this.#start = start - (start % PAGE_SIZE)
  }

  *pin(): Sim<number> {
    return -EINVAL
  }

  *unpin(): Sim {}

  fixed(index: number): number | null {
    return this.range ? this.range.phys + this.#start + index * PAGE_SIZE : null
  }

  mapped(area: IoptArea, there: boolean): void {
    if (there) this.areas.add(area)
    else this.areas.delete(area)
  }

  /** The exporter takes its memory back; the reservation lock is held. */
  *revoke(): Sim {
    if (!this.range || !this.pages) return
    yield* takeMutex(this.pages.lock)
    for (const area of this.areas) yield* revokeArea(area, this.pages)
    this.range = null
    mutexUnlock(this.pages.lock)
  }

  *release(): Sim {
    yield* lockResv(this.dmabuf.resv!)
    yield* unpinBuffer(this.attach!)
    unlockResv(this.dmabuf.resv!)
    yield* detachFrom(this.dmabuf, this.attach)
    putBuffer(this.dmabuf)
  }
}

/** Pinned, and asked where it is. */
function* locate(source: Import, attach: dma_buf_attachment): Sim<number> {
  yield* lockResv(source.dmabuf.resv!)
  let ret = yield* pinBuffer(attach)
  if (!ret) {
    const range = askExporter(attach)
    if (typeof range === 'number') {
      ret = range
      yield* unpinBuffer(attach)
    } else source.range = range
  }
  unlockResv(source.dmabuf.resv!)
  return ret
}

/** A part of a buffer as pages; the reference to the buffer is theirs from now on. Or -errno. */
export function* importBuffer(
  dmabuf: dma_buf, mm: mm_struct, start: number, length: number, writable: boolean,
): Sim<IoptPages | number> {
  if (start + length > dmabuf.size) return -EINVAL
  const source = new Import(dmabuf, start)
  const hooks = {
    allow_peer2peer: true,
    invalidate_mappings: (() => source.revoke()) as unknown as () => void,
  }
  const attach = yield* attachTo(dmabuf, pseudoDevice(machine()), hooks, source)
  if (isErr(attach)) return ptrErr(attach)
  source.attach = attach
  const error = yield* locate(source, attach)
  const pages = error || makePages(source, mm, start, length, writable, 'user')
  if (typeof pages !== 'number') {
    source.pages = pages
    return pages
  }
  yield* detachFrom(dmabuf, attach)
  return pages
}
