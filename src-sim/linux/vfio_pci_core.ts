import { kernelCall, quiet } from '../kernel/api'
import * as core from '../kernel/vfio/pci-core'
import type { vfio_pci_core_device } from '../kernel/vfio/pci-core'
import { registerVfio, unregisterVfio, type vfio_device_ops } from '../kernel/vfio/device'

/** Brought along, as by the C header. */
export * from './pci'
export * from './vfio'

/** PCI functions for programs: `linux/vfio_pci_core`. Drivers set `driver_managed_dma`. */
export { vfio_pci_core_device } from '../kernel/vfio/pci-core'

/** Lets programs open a function. From `probe`; the driver keeps the structure. 0 or -errno. */
export const vfio_pci_core_register_device = kernelCall(
  'vfio_pci_core_register_device',
  (vdev: vfio_pci_core_device) => registerVfio(vdev),
)
/** From `remove`: waits until every program has closed it. */
export const vfio_pci_core_unregister_device = kernelCall(
  'vfio_pci_core_unregister_device',
  (vdev: vfio_pci_core_device) => unregisterVfio(vdev),
)
/** Turns the function on for its first program; from `open_device`. 0 or -errno. */
export const vfio_pci_core_enable = kernelCall('vfio_pci_core_enable', core.enableCore)
/** What remains to be done in `open_device` when nothing can fail any more. */
export const vfio_pci_core_finish_enable = quiet((_vdev: vfio_pci_core_device): void => {})
/** What the core does for each operation: for the table of a driver. */
export const vfio_pci_core_close_device = kernelCall('vfio_pci_core_close_device', core.closeCore)
export const vfio_pci_core_ioctl = kernelCall('vfio_pci_core_ioctl', core.coreIoctl)
export const vfio_pci_core_read = kernelCall('vfio_pci_core_read', core.readCore)
export const vfio_pci_core_write = kernelCall('vfio_pci_core_write', core.writeCore)
export const vfio_pci_core_mmap = kernelCall('vfio_pci_core_mmap', core.mapCore)

/** The operations of a driver that adds nothing of its own. */
export const vfio_pci_ops = quiet((name: string): vfio_device_ops => ({
  name,
  open_device: core.enableCore as unknown as vfio_device_ops['open_device'],
  close_device: core.closeCore as unknown as vfio_device_ops['close_device'],
  ioctl: core.coreIoctl as unknown as vfio_device_ops['ioctl'],
  read: core.readCore as unknown as vfio_device_ops['read'],
  write: core.writeCore as unknown as vfio_device_ops['write'],
  mmap: core.mapCore,
}))
