import { kernelCall, quiet } from '../../kernel/api'
import * as o from '../../kernel/rdma/umem-odp'
import type { ib_device } from '../../kernel/rdma/device'
import type { mmu_interval_notifier_ops } from '../../kernel/mmu-notifier/structs'

/** Memory of programs that a network card faults in when it needs it: `rdma/ib_umem_odp`. */

export { IB_ACCESS_ON_DEMAND, ib_umem_odp } from '../../kernel/rdma/umem-odp'

/**
 * Memory of the running program, nothing of it looked up yet. An error pointer: -EINVAL without
 * IB_ACCESS_ON_DEMAND, -EOVERFLOW, -ENOMEM, -EOPNOTSUPP. May sleep. Pair: `ib_umem_odp_release`.
 */
export const ib_umem_odp_get = kernelCall(
  'ib_umem_odp_get',
  (
    device: ib_device, addr: number, size: number, access: number, ops: mmu_interval_notifier_ops,
  ) => o.getOdp(device, addr, size, access, ops),
)
/** Gives it back; the hardware must have stopped using it. May sleep. HMM-09. */
export const ib_umem_odp_release = kernelCall('ib_umem_odp_release', (umem: o.ib_umem_odp) =>
  o.releaseOdp(umem),
)
/**
 * Looks up `bcnt` bytes from `user_virt`: how many pages, with `umem_mutex` held for the caller to
 * drop, or -EFAULT, -EINVAL (the program is gone), -EPERM, -EBUSY without it. May sleep. HMM-08.
 */
export const ib_umem_odp_map_dma_and_lock = kernelCall(
  'ib_umem_odp_map_dma_and_lock',
  (umem: o.ib_umem_odp, user_virt: number, bcnt: number, access_mask: number, fault: boolean) =>
    o.mapOdpAndLock(umem, { start: user_virt, bytes: bcnt, access: access_mask, fault }),
)
/** With `umem_mutex` held: the addresses of a part go; written pages become dirty. */
export const ib_umem_odp_unmap_dma_pages = kernelCall(
  'ib_umem_odp_unmap_dma_pages',
  (umem: o.ib_umem_odp, virt: number, bound: number): void => o.unmapOdp(umem, virt, bound),
)
export const ib_umem_start = quiet(o.startOf)
export const ib_umem_end = quiet(o.endOf)
export const ib_umem_odp_num_pages = quiet(
  (umem: o.ib_umem_odp): number => (o.endOf(umem) - o.startOf(umem)) / 4096,
)
export const to_ib_umem_odp = quiet(<T>(umem: T): T => umem)
