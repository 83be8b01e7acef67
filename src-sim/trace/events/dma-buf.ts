import {
  alloc,
  begin,
  clear,
  end,
  enter,
  event,
  flowIn,
  flowOut,
  free,
  hold,
  leave,
  link,
  set,
  unhold,
} from '../declare'

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

const buffer = ['dmabuf:obj', 'exp_name:str', 'size:u64 bytes', 'ino:u64'] as const

export const dma_buf_export = event(
  'dma_buf_export', 'dma-buf', 'A buffer can be shared.',
  ['dmabuf:obj', 'exp_name:str', 'size:u64 bytes', 'ino:u64', 'file:obj', 'owner:obj'],
  [alloc('dmabuf'), hold('file', 'dmabuf', 'file of the buffer')],
)
export const dma_buf_fd = event(
  'dma_buf_fd', 'dma-buf', 'A buffer gets a descriptor, which takes over the reference.',
  [...buffer, 'fd:i32'],
)
export const dma_buf_get = event(
  'dma_buf_get', 'dma-buf', 'A buffer is looked up by a descriptor.', [...buffer, 'fd:i32'],
)
export const dma_buf_put = event(
  'dma_buf_put', 'dma-buf', 'A reference to a buffer is dropped.', buffer,
)
export const dma_buf_mmap_internal = event(
  'dma_buf_mmap_internal', 'dma-buf', 'A program maps a buffer.', buffer,
)
export const dma_buf_mmap = event(
  'dma_buf_mmap', 'dma-buf', 'A driver maps a buffer for a program.', buffer,
)
export const dma_buf_release = event(
  'dma_buf_release', 'dma-buf', 'A shared buffer is released.', ['dmabuf:obj', 'file:obj'],
  [unhold('file', 'dmabuf', 'file of the buffer')],
)
export const dma_buf_free = event(
  'dma_buf_free', 'dma-buf', 'The memory of a shared buffer is freed.', ['dmabuf:obj'],
  [free('dmabuf')],
)

const attached = [
  'attachment:obj', 'dmabuf:obj', 'device:obj', 'exp_name:str', 'ino:u64', 'is_dynamic:bool',
] as const

export const dma_buf_dynamic_attach = event(
  'dma_buf_dynamic_attach', 'dma-buf', 'A device attaches to a shared buffer.', attached,
  [alloc('attachment'), link('attachment', 'dmabuf'), set('attachment', 'state', 'attached')],
)
export const dma_buf_detach = event(
  'dma_buf_detach', 'dma-buf', 'A device lets go of a shared buffer.', attached,
  [set('attachment', 'state', 'detached'), free('attachment')],
)
export const dma_buf_pin = event(
  'dma_buf_pin', 'dma-buf', 'A shared buffer must stay where it is.',
  ['attachment:obj', 'dmabuf:obj', 'ret:i32'], [enter('attachment', 'pinned')],
)
export const dma_buf_unpin = event(
  'dma_buf_unpin', 'dma-buf', 'A shared buffer may move again.',
  ['attachment:obj', 'dmabuf:obj'], [leave('attachment', 'pinned')],
)
export const dma_buf_map_attachment = event(
  'dma_buf_map_attachment', 'dma-buf', 'A shared buffer is mapped for an attached device.',
  ['attachment:obj', 'dmabuf:obj', 'table:obj', 'dir:i32'],
  [enter('attachment', 'mapped'), hold('attachment', 'table', 'mapping')],
)
export const dma_buf_unmap_attachment = event(
  'dma_buf_unmap_attachment', 'dma-buf', 'A shared buffer is unmapped for an attached device.',
  ['attachment:obj', 'dmabuf:obj', 'table:obj', 'dir:i32'],
  [leave('attachment', 'mapped'), unhold('attachment', 'table', 'mapping')],
)
export const dma_buf_invalidate_mappings = event(
  'dma_buf_invalidate_mappings', 'dma-buf', 'An importer is told that its mapping gets stale.',
  ['attachment:obj', 'dmabuf:obj'], [set('attachment', 'state', 'invalidated')],
)
export const dma_buf_vmap = event(
  'dma_buf_vmap', 'dma-buf', 'The kernel maps a shared buffer for itself.',
  ['dmabuf:obj', 'users:u32'], [set('dmabuf', 'vmap', '$users')],
)
export const dma_buf_vunmap = event(
  'dma_buf_vunmap', 'dma-buf', 'The kernel needs its own mapping of a shared buffer less often.',
  ['dmabuf:obj', 'users:u32'], [set('dmabuf', 'vmap', '$users')],
)
export const dma_buf_begin_cpu_access = event(
  'dma_buf_begin_cpu_access', 'dma-buf', 'The CPU is about to use a shared buffer.',
  ['dmabuf:obj', 'dir:i32', 'ret:i32'], [set('dmabuf', 'cpu access')],
)
export const dma_buf_end_cpu_access = event(
  'dma_buf_end_cpu_access', 'dma-buf', 'The CPU has used a shared buffer.',
  ['dmabuf:obj', 'dir:i32', 'ret:i32'], [clear('dmabuf', 'cpu access')],
)
