import { quiet } from '../../kernel/api'
import type { uverbs_attr_bundle, uverbs_method_def } from '../../kernel/rdma/device'
import { RDMA_VERBS_IOCTL as NUMBER, UVERBS } from '../../kernel/rdma/uverbs'

/** Calls of programs to verbs devices: `rdma/uverbs_ioctl`. */

export { type uverbs_attr_bundle } from '../../kernel/rdma/device'

/** A program says `ioctl(fd, RDMA_VERBS_IOCTL, { method_id, ... })`. */
export const RDMA_VERBS_IOCTL: number = NUMBER
/** The first call of every program: its context. */
export const UVERBS_METHOD_GET_CONTEXT = UVERBS.GET_CONTEXT
/** Answers a handle. */
export const UVERBS_METHOD_ALLOC_PD = UVERBS.ALLOC_PD
/** Takes `handle`. */
export const UVERBS_METHOD_DEALLOC_PD = UVERBS.DEALLOC_PD
/** Calls of a driver's own are numbered from here. */
export const UVERBS_ID_DRIVER_NS = 0x1000

/** A call of a driver's own, for `driver_def` of its operations. */
export const DECLARE_UVERBS_NAMED_METHOD = quiet(function DECLARE_UVERBS_NAMED_METHOD(
  id: number,
  handler: (attrs: uverbs_attr_bundle) => number,
): uverbs_method_def {
  return { id, handler }
})
