import { CALLS, SYNC } from '../../kernel/dma-buf/buffer-ioctl'

export type { dma_buf_sync, dma_buf_sync_file } from '../../kernel/dma-buf/buffer-ioctl'

/**
 * What programs ask of a shared buffer: `user/dma-buf`. The argument of `ioctl` is the structure
 * itself: `ioctl(fd, DMA_BUF_IOCTL_SYNC, { flags: DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE })`.
 */
export const DMA_BUF_SYNC_READ = SYNC.READ
export const DMA_BUF_SYNC_WRITE = SYNC.WRITE
export const DMA_BUF_SYNC_RW = SYNC.RW
export const DMA_BUF_SYNC_START = 0
export const DMA_BUF_SYNC_END = SYNC.END

/** The CPU begins or ends to use the buffer: before and after it reads or writes a mapping. */
export const DMA_BUF_IOCTL_SYNC = CALLS.SYNC
/** Names the buffer; a text of at most 31 letters. */
export const DMA_BUF_SET_NAME = CALLS.SET_NAME_B
export const DMA_BUF_SET_NAME_A = CALLS.SET_NAME_A
export const DMA_BUF_SET_NAME_B = CALLS.SET_NAME_B
/** What has to be waited for before an access of this kind, as a sync file in `fd`. */
export const DMA_BUF_IOCTL_EXPORT_SYNC_FILE = CALLS.EXPORT_SYNC_FILE
/** Others have to wait for the sync file `fd` before they use the buffer. */
export const DMA_BUF_IOCTL_IMPORT_SYNC_FILE = CALLS.IMPORT_SYNC_FILE
