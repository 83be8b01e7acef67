import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'

export const IORESOURCE_IO = 0x100
export const IORESOURCE_MEM = 0x200
export const IORESOURCE_IRQ = 0x400
export const IORESOURCE_DMA = 0x800
export const IORESOURCE_BUSY = 0x80000000

/** A stretch of bus addresses (or an interrupt number) that belongs to a device. */
export class resource extends KernelObject {
  start = 0
  end = 0
  name = ''
  flags = 0
  /** @internal It is entered in the machine's resource tree. */
  $claimed = false

  constructor(init?: Partial<Pick<resource, 'start' | 'end' | 'name' | 'flags'>>) {
    super()
    if (init) Object.assign(this, init)
  }
}

interface Claim {
  start: number
  end: number
  name: string
  owner: object | null
}

/** Who has claimed which addresses. Bookkeeping only: access works without a claim (DM-94). */
export class ResourceTree {
  readonly claims: Claim[] = []

  /** True when the whole stretch was free and is now taken. */
  request(start: number, size: number, name: string, owner: object | null = null): boolean {
    const end = start + size - 1
    if (this.claims.some((c) => c.start <= end && start <= c.end)) return false
    this.claims.push({ start, end, name, owner })
    return true
  }

  release(start: number, size: number): boolean {
    const at = this.claims.findIndex((c) => c.start === start && c.end === start + size - 1)
    if (at < 0) return false
    this.claims.splice(at, 1)
    return true
  }
}

/** Memory regions that drivers have requested. */
export const regions = service(() => new ResourceTree())
/** Ports that drivers have requested. */
export const portRegions = service(() => new ResourceTree())
/** What device descriptions occupy (platform devices). */
export const deviceResources = service(() => new ResourceTree())

export const requestRegion = (start: number, size: number, name: string): boolean =>
  regions(machine()).request(start, size, name)

export const resourceSize = (r: resource): number => r.end - r.start + 1

export { resourceText } from '../printk/pointers'
