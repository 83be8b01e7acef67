import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import type { SysfsDirectory } from '../base/sysfs'
import { initMutex, mutex, mutexLock, mutexUnlock } from '../locking/mutex'
import { iommuCore } from './core'
import type { iommu_domain } from './domain'

/** What is attached to a PASID: remembered by whoever attached it, found by whoever faults. */
export class iommu_attach_handle extends KernelObject {
  domain: iommu_domain | null = null
}

/** A device in its group. */
export class GroupDevice {
  readonly dev: device
  /** Resets under way: it is parked until the outermost is done (IOMMU-14). */
  resets = 0

  constructor(dev: device) {
    this.dev = dev
  }
}

/**
 * Devices that the IOMMU cannot tell apart, or that reach each other past it: they always see the
 * same domain, and belong to one owner.
 */
export class iommu_group extends KernelObject {
  readonly $type = 'iommu_group'
  readonly id: number
  name: string | null = null
  iommu_data: unknown = null
  iommu_data_release: ((data: any) => void) | null = null
  default_domain: iommu_domain | null = null
  blocking_domain: iommu_domain | null = null
  /** What the devices are attached to. */
  domain: iommu_domain | null = null
  /** Drivers that use the DMA API, or claims of one owner. */
  owner_cnt = 0
  owner: object | null = null
  /** @internal In the order in which they joined. */
  readonly $devices: GroupDevice[] = []
  /** @internal By PASID. */
  readonly $pasids = new Map<number, PasidEntry>()
  /** @internal */
  $refs = 1
  /** @internal The directory under /sys/kernel/iommu_groups. */
  $directory: SysfsDirectory | null = null
  /** @internal Protects everything above. */
  readonly $mutex = new mutex()

  constructor(id: number) {
    super()
    this.id = id
    initMutex(this.$mutex, '&group->mutex', 'group->mutex')
  }

  get $label(): string {
    return `group ${this.id}`
  }
}

/** Attached to a PASID; without a domain while the attaching is not finished. */
export interface PasidEntry {
  domain: iommu_domain | null
  handle: iommu_attach_handle | null
}

/** Runs `body` with the mutex of a group held. Nobody else is there while the board is looked at. */
export function* withGroup<T>(group: iommu_group, body: () => Sim<T>): Sim<T> {
  if (iommuCore(machine()).booting) return yield* body()
  const lock = mutexLock(group.$mutex)
  if (typeof lock !== 'number') yield* lock
  const result = yield* body()
  mutexUnlock(group.$mutex)
  return result
}

export const memberOf = (group: iommu_group, dev: device): GroupDevice | undefined =>
  group.$devices.find((member) => member.dev === dev)
