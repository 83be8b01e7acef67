import { alloc, begin, end, event, flowIn, flowOut, free, hold, set, unhold } from '../declare'

/** Fences and shared buffers: include/trace/events/dma_fence.h and dma_buf.h. */

const fence = ['fence:obj', 'context:u64', 'seqno:u64'] as const

export const dma_fence_init = event(
  'dma_fence_init', 'dma-buf', 'A fence is initialised.', fence,
  [alloc('fence'), set('fence', 'state', 'unsignaled')],
)
export const dma_fence_emit = event(
  'dma_fence_emit', 'dma-buf', 'A fence is handed to hardware.', fence,
)
export const dma_fence_enable_signal = event(
  'dma_fence_enable_signal', 'dma-buf', 'A fence is asked to announce its signal.', fence,
  [set('fence', 'signaling', 'enabled')],
)
export const dma_fence_signaled = event(
  'dma_fence_signaled', 'dma-buf', 'A fence is signaled.',
  ['fence:obj', 'context:u64', 'seqno:u64', 'error:i32'],
  [set('fence', 'state', 'signaled'), flowOut('fence', 'fence')],
)
export const dma_fence_callback = event(
  'dma_fence_callback', 'dma-buf', 'A callback of a signaled fence is called.',
  ['fence:obj', 'cb:obj', 'func:sym'], [flowIn('fence', 'fence')],
)
export const dma_fence_add_callback = event(
  'dma_fence_add_callback', 'dma-buf', 'A callback is added to a fence.',
  ['fence:obj', 'cb:obj', 'func:sym'], [hold('fence', 'cb', 'fence callback')],
)
export const dma_fence_remove_callback = event(
  'dma_fence_remove_callback', 'dma-buf', 'A callback is off a fence, called or not.',
  ['fence:obj', 'cb:obj'], [unhold('fence', 'cb', 'fence callback')],
)
export const dma_fence_wait_start = event(
  'dma_fence_wait_start', 'dma-buf', 'Somebody waits for a fence.', fence,
  [begin('fence wait'), hold('@context', 'fence', 'waits for')],
)
export const dma_fence_wait_end = event(
  'dma_fence_wait_end', 'dma-buf', 'The wait for a fence is over.', fence,
  [end('fence wait'), unhold('@context', 'fence', 'waits for')],
)
export const dma_fence_destroy = event(
  'dma_fence_destroy', 'dma-buf', 'A fence is released.', ['fence:obj'], [free('fence')],
)
export const dma_buf_export = event(
  'dma_buf_export', 'dma-buf', 'A buffer can be shared.',
  ['dmabuf:obj', 'exporter:obj', 'exp_name:str', 'size:u64 bytes'],
  [alloc('dmabuf'), hold('dmabuf', 'exporter', 'exported by')],
)
export const dma_buf_release = event(
  'dma_buf_release', 'dma-buf', 'A shared buffer is released.', ['dmabuf:obj', 'exporter:obj'],
  [unhold('dmabuf', 'exporter', 'exported by'), free('dmabuf')],
)
export const dma_buf_attach = event(
  'dma_buf_attach', 'dma-buf', 'A device attaches to a shared buffer.',
  ['attachment:obj', 'dmabuf:obj', 'device:obj', 'dynamic:bool'],
  [
    alloc('attachment'), hold('attachment', 'dmabuf', 'attachment'),
    hold('attachment', 'device', 'attachment'),
  ],
)
export const dma_buf_detach = event(
  'dma_buf_detach', 'dma-buf', 'A device lets go of a shared buffer.',
  ['attachment:obj', 'dmabuf:obj', 'device:obj'],
  [
    unhold('attachment', 'dmabuf', 'attachment'), unhold('attachment', 'device', 'attachment'),
    free('attachment'),
  ],
)
export const dma_buf_map_attachment = event(
  'dma_buf_map_attachment', 'dma-buf', 'A shared buffer is mapped for an attached device.',
  ['attachment:obj', 'dmabuf:obj', 'ret:i32'], [set('attachment', 'mapped')],
)
export const dma_buf_unmap_attachment = event(
  'dma_buf_unmap_attachment', 'dma-buf', 'A shared buffer is unmapped for an attached device.',
  ['attachment:obj', 'dmabuf:obj'], [set('attachment', 'mapped', '')],
)
export const dma_buf_move_notify = event(
  'dma_buf_move_notify', 'dma-buf', 'Attached devices are told that the buffer moves.',
  ['attachment:obj', 'dmabuf:obj'],
)
