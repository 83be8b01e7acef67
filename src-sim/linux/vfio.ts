import { kernelCall, quiet } from '../kernel/api'
import type { device } from '../kernel/base/device'
import * as v from '../kernel/vfio/device'
import type { vfio_device, vfio_device_ops } from '../kernel/vfio/device'

/** Brought along, as by the C header. */
export * from './iommufd'
export * from './vfio/uapi'

/** Drivers that leave their devices to programs: `linux/vfio`. */
export { vfio_device, type vfio_device_ops } from '../kernel/vfio/device'

/**
 * A structure of a driver that begins with a `vfio_device`: `vfio_alloc_device(demo, 'vdev', dev,
 * ops)` is `new demo(dev, ops)`.
 */
export const vfio_alloc_device = quiet(function vfio_alloc_device<T extends vfio_device, P>(
  dev_struct: new (dev: P, ops: vfio_device_ops) => T,
  _member: string,
  dev: P,
  ops: vfio_device_ops,
): T {
  return new dev_struct(dev, ops)
})
/** Lets programs open the device by its group, or by itself. The driver manages DMA. 0 or -errno. */
export const vfio_register_group_dev = kernelCall('vfio_register_group_dev', v.registerVfio)
/** No new opens; waits, without end, until every program has closed it. */
export const vfio_unregister_group_dev = kernelCall('vfio_unregister_group_dev', v.unregisterVfio)
/** Drops the driver's reference. */
export function vfio_put_device(_vdev: vfio_device): void {}
/** The device behind. */
export const vfio_dev = quiet((vdev: vfio_device): device => vdev.dev)
