import type { Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import type { device } from '../../kernel/base/device'
import type { dma_buf_attach_ops } from '../../kernel/dma-buf/buffer'
import type { ib_device } from '../../kernel/rdma/device'
import { pagesOf, type ib_umem } from '../../kernel/rdma/umem'
import * as u from '../../kernel/rdma/umem-dmabuf'
import type { ib_umem_dmabuf } from '../../kernel/rdma/umem-dmabuf'

/**
 * Memory of RDMA devices: `rdma/ib_umem`. Of this, shared buffers: a device that can follow moves
 * attaches with a hook and maps when it faults, all others pin. The reservation lock of the buffer
 * guards `ib_umem_dmabuf`.
 */

export {
  IB_ACCESS_LOCAL_WRITE,
  IB_ACCESS_REMOTE_ATOMIC,
  IB_ACCESS_REMOTE_READ,
  IB_ACCESS_REMOTE_WRITE,
  ib_umem,
} from '../../kernel/rdma/umem'
export { ib_umem_dmabuf } from '../../kernel/rdma/umem-dmabuf'

type Pointer = Sim<ib_umem_dmabuf>

const request = (
  dev: ib_device, dmaDevice: device, offset: number, size: number, fd: number, access: number,
): u.UmemRequest => ({ device: dev, dmaDevice, offset, size, fd, access })

/** The device behind an RDMA device that does its DMA. */
const dmaOf = (dev: ib_device): device => dev.dev.parent ?? dev.dev

export const ib_umem_num_pages = quiet((umem: ib_umem): number => pagesOf(umem))
export const to_ib_umem_dmabuf = quiet((umem: ib_umem): ib_umem_dmabuf => umem as ib_umem_dmabuf)

/**
 * Attaches a part of the buffer behind a descriptor; `ops` has the hook. Maps nothing. May sleep.
 * ERR_PTR: -EINVAL (beyond the buffer, no pages, no buffer), -EBADF, -ENOMEM or the exporter's.
 */
export const ib_umem_dmabuf_get = kernelCall(
  'ib_umem_dmabuf_get',
  (
    dev: ib_device, offset: number, size: number, fd: number, access: number,
    ops: dma_buf_attach_ops | null,
  ): Pointer => u.getUmem(request(dev, dmaOf(dev), offset, size, fd, access), ops),
)
/** The same, pinned and mapped; nobody will be told when the buffer is taken away. */
export const ib_umem_dmabuf_get_pinned = kernelCall(
  'ib_umem_dmabuf_get_pinned',
  (dev: ib_device, offset: number, size: number, fd: number, access: number): Pointer =>
    u.getPinned(request(dev, dmaOf(dev), offset, size, fd, access)),
)
export const ib_umem_dmabuf_get_pinned_with_dma_device = kernelCall(
  'ib_umem_dmabuf_get_pinned_with_dma_device',
  (
    dev: ib_device, dma_device: device, offset: number, size: number, fd: number, access: number,
  ): Pointer => u.getPinned(request(dev, dma_device, offset, size, fd, access)),
)
/**
 * Pinned, mapped and revocable. Returns with the lock held, so that the driver can say how its
 * device is stopped before that is needed: `ib_umem_dmabuf_set_revoke_locked`, then unlock.
 */
export const ib_umem_dmabuf_get_pinned_revocable_and_lock = kernelCall(
  'ib_umem_dmabuf_get_pinned_revocable_and_lock',
  (dev: ib_device, offset: number, size: number, fd: number, access: number): Pointer =>
    u.getPinnedAndLock(request(dev, dmaOf(dev), offset, size, fd, access), true),
)
/** With the lock held: `revoke(priv)` stops the device before what is mapped goes. */
export const ib_umem_dmabuf_set_revoke_locked = quiet(
  (umem: ib_umem_dmabuf, revoke: ((priv: any) => void) | null, priv: unknown): void => {
    umem.pinned_revoke = revoke
    umem.private = priv
  },
)
export const ib_umem_dmabuf_revoke_lock = kernelCall('ib_umem_dmabuf_revoke_lock', u.lockUmem)
export const ib_umem_dmabuf_revoke_unlock = kernelCall('ib_umem_dmabuf_revoke_unlock', u.unlockUmem)
/** Ends all use, for ever. Takes the lock. May sleep. */
export const ib_umem_dmabuf_revoke = kernelCall('ib_umem_dmabuf_revoke', u.revokeUmem)

/** With the lock held: maps and waits for the content. 0, -EINVAL (revoked), -ETIMEDOUT, ... */
export const ib_umem_dmabuf_map_pages = kernelCall('ib_umem_dmabuf_map_pages', u.mapPages)
/** With the lock held: gives back what is mapped; the device must not use it any more. */
export const ib_umem_dmabuf_unmap_pages = kernelCall('ib_umem_dmabuf_unmap_pages', u.unmapPages)

/** Revokes, detaches and drops the buffer. May sleep; lock not held. */
export const ib_umem_dmabuf_release = kernelCall('ib_umem_dmabuf_release', u.releaseUmem)
/** The end of any memory of a device. Null is ignored. */
export const ib_umem_release = kernelCall('ib_umem_release', function* (umem: ib_umem | null): Sim {
  if (umem?.is_dmabuf) yield* u.releaseUmem(umem as ib_umem_dmabuf)
})
