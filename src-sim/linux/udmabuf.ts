import * as u from '../kernel/dma-buf/udmabuf'

/**
 * Buffers made of memfds: `linux/udmabuf`. The argument of `ioctl` on /dev/udmabuf is the
 * structure; a memfd must be sealed against shrinking, and not against writing.
 */
export type {
  udmabuf_create,
  udmabuf_create_item,
  udmabuf_create_list,
} from '../kernel/dma-buf/udmabuf'

export const UDMABUF_FLAGS_CLOEXEC = 1
export const UDMABUF_CREATE = u.UDMABUF_CREATE
export const UDMABUF_CREATE_LIST = u.UDMABUF_CREATE_LIST
