import { kernelCall, quiet } from '../../kernel/api'
import * as ib from '../../kernel/rdma/device'
import type { ib_device, ib_device_ops, ib_ucontext } from '../../kernel/rdma/device'
import { mapIo } from '../../kernel/rdma/umap'
import type { vm_area_struct } from '../../kernel/mm/vma'
import type { device } from '../device'

/**
 * Devices that programs drive directly: `rdma/ib_verbs`. The model of "disassociate": when a device
 * goes, running calls are waited for, then every open file loses what it had in the hardware and
 * answers -EIO from then on (DM-81, DM-82).
 */
export {
  ib_device,
  ib_pd,
  ib_ucontext,
  type ib_device_ops,
  type uverbs_attr_bundle,
  type uverbs_method_def,
} from '../../kernel/rdma/device'
export { ib_uverbs_file } from '../../kernel/rdma/file'

type Type<T> = new () => T

/** Allocates a driver's structure that embeds an `ib_device` in `member`. Pair: `ib_dealloc_device`. */
export function ib_alloc_device<T extends object>(
  drv_struct: Type<T>,
  member: keyof T & string,
): T | null {
  return ib.allocIbDevice(drv_struct, member)
}
/** Drops the driver's reference: the memory goes with the last one. May sleep. */
export const ib_dealloc_device = kernelCall('ib_dealloc_device', ib.deallocIbDevice)

/** Adds operations; those that are set already stay. */
export function ib_set_device_ops(dev: ib_device, ops: ib_device_ops): void {
  dev.ops = { ...ops, ...dev.ops }
}

/** The class of the driver in which the core's object is embedded, for `ib_device_ops`. */
export const INIT_RDMA_OBJ_SIZE = quiet(function INIT_RDMA_OBJ_SIZE<T extends object>(
  ib_struct: 'ib_ucontext' | 'ib_pd',
  drv_struct: Type<T>,
  member: keyof T & string,
): ib_device_ops {
  return { [`size_${ib_struct}`]: { type: drv_struct, member } }
})

/**
 * The device appears as `name` (`demo%d` is numbered) and as /dev/infiniband/uverbsN. 0 or -errno.
 * May sleep. Pair: `ib_unregister_device`.
 */
export const ib_register_device = kernelCall(
  'ib_register_device',
  (dev: ib_device, name: string, _dma_device: device | null) => ib.registerIbDevice(dev, name),
)

/**
 * Undoes registering. With `disassociate_ucontext` it does not wait for open files to be closed,
 * without it does (DM-83). Waits for all `ib_device_put`. May sleep.
 */
export const ib_unregister_device = kernelCall('ib_unregister_device', ib.unregisterIbDevice)

/** Keeps the device registered; false when it is going. Any context. Pair: `ib_device_put`. */
export function ib_device_try_get(dev: ib_device): boolean {
  return ib.tryGetIbDevice(dev)
}
export function ib_device_put(dev: ib_device): void {
  ib.putIbDevice(dev)
}

/** For a driver's `mmap`: device memory that the core can take away again. 0 or -errno. */
export function rdma_user_mmap_io(
  ucontext: ib_ucontext,
  vma: vm_area_struct,
  pfn: number,
  size: number,
  _prot: number,
  _entry: object | null,
): number {
  return mapIo(ucontext.ufile!, vma, pfn, size)
}
