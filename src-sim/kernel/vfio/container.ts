import { KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { EINVAL, ENODEV, ENOTTY } from '../errno'
import { miscdevice, registerMisc } from '../fs/misc'
import { service } from '../../engine/service'
import type { file, file_operations } from '../fs/file'
import type { iommu_group } from '../iommu/group'
import { Type1 } from './type1'
import {
  VFIO_API_VERSION, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU, VFIO_GET_API_VERSION,
  VFIO_IOMMU_GET_INFO, VFIO_IOMMU_MAP_DMA, VFIO_IOMMU_UNMAP_DMA, VFIO_SET_IOMMU,
  VFIO_TYPE1_IOMMU, VFIO_TYPE1v2_IOMMU, VFIO_UNMAP_ALL,
} from './uapi'

/** /dev/vfio/vfio: groups that share one address space. drivers/vfio/container.c. */
export class Container extends KernelObject {
  readonly file: file
  readonly groups: iommu_group[] = []
  #type1: Type1 | null = null

  constructor(f: file) {
    super()
    this.file = f
  }

  get $label(): string {
    return 'vfio container'
  }

  /** Its groups see its address space: devices may be opened. */
  get ready(): boolean {
    return this.#type1 !== null
  }

  *join(group: iommu_group): Sim<number> {
    const ret = this.#type1 ? yield* this.#type1.attach(group) : 0
    if (!ret) this.groups.push(group)
    return ret
  }

  /** The last group takes the address space with it. */
  *leave(group: iommu_group): Sim {
    this.groups.splice(this.groups.indexOf(group), 1)
    if (!this.#type1) return
    yield* this.#type1.detach(group)
    if (this.groups.length === 0) this.#type1 = null
  }

  *close(): Sim<number> {
    if (this.#type1) yield* this.#type1.release()
    return 0
  }

  *ioctl(cmd: number, arg: unknown): Sim<number> {
    switch (cmd) {
      case VFIO_GET_API_VERSION:
        return VFIO_API_VERSION
      case VFIO_CHECK_EXTENSION:
        return this.#knows(Number(arg)) ? 1 : 0
      case VFIO_SET_IOMMU:
        return yield* this.#setIommu(Number(arg))
      case VFIO_IOMMU_MAP_DMA:
        return this.#type1 ? yield* this.#type1.map(arg) : -EINVAL
      case VFIO_IOMMU_UNMAP_DMA:
        return this.#type1 ? yield* this.#type1.unmap(arg) : -EINVAL
      case VFIO_IOMMU_GET_INFO:
        return this.#type1 ? this.#type1.info(arg) : -EINVAL
      default:
        return this.#type1 ? -ENOTTY : -EINVAL
    }
  }

  #knows(extension: number): boolean {
    return [VFIO_TYPE1_IOMMU, VFIO_TYPE1v2_IOMMU, VFIO_UNMAP_ALL, VFIO_DMA_CC_IOMMU].includes(
      extension,
    )
  }

  *#setIommu(type: number): Sim<number> {
    if (this.groups.length === 0 || this.#type1) return -EINVAL
    if (type !== VFIO_TYPE1_IOMMU && type !== VFIO_TYPE1v2_IOMMU) return -ENODEV
    const type1 = new Type1(type === VFIO_TYPE1v2_IOMMU)
    for (const [at, group] of this.groups.entries()) {
      const ret = yield* type1.attach(group)
      if (!ret) continue
      for (const other of this.groups.slice(0, at)) yield* type1.detach(other)
      return ret
    }
    this.#type1 = type1
    return 0
  }
}

const OPERATIONS: file_operations = {
  open(_node, f) {
    f.private_data = new Container(f)
    return 0
  },
  unlocked_ioctl: ((f: file, cmd: number, arg: unknown) =>
    (f.private_data as Container).ioctl(cmd, arg)) as unknown as file_operations['unlocked_ioctl'],
  release: ((_node: unknown, f: file) =>
    (f.private_data as Container).close()) as unknown as file_operations['release'],
}

export const containerOf = (f: file): Container | null =>
  f.f_op === OPERATIONS ? (f.private_data as Container) : null

/** The node, made when somebody first opens it. */
export const containerNode = service((m) => {
  const misc = new miscdevice({ name: 'vfio', nodename: 'vfio/vfio', fops: OPERATIONS, mode: 0o666 })
  m.runtime.atomic(registerMisc(misc))
  return misc
})
