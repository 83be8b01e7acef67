import { alloc, clear, event, free, hold, set, unhold, type Effect } from '../declare'

/** DMA mappings: include/trace/events/dma.h. Each mapping is an object of its own. */

const DIR = 'dir:BIDIRECTIONAL|TO_DEVICE|FROM_DEVICE|NONE'
const mapped = (how: string): Effect[] => [
  alloc('mapping'), set('mapping', 'mapped', how), hold('mapping', 'device', 'dma mapping'),
]
const unmapped = [
  unhold('mapping', 'device', 'dma mapping'), clear('mapping', 'mapped'), free('mapping'),
]

export const dma_map_phys = event(
  'dma_map_phys', 'dma', 'Memory is mapped for a device.',
  [
    'mapping:obj', 'device:obj', 'phys_addr:addr', 'dma_addr:addr', 'size:u32 bytes', DIR,
    'attrs:hex',
  ],
  mapped('$dir'),
)
export const dma_unmap_phys = event(
  'dma_unmap_phys', 'dma', 'A mapping is undone.',
  ['mapping:obj', 'device:obj', 'dma_addr:addr', 'size:u32 bytes', DIR, 'attrs:hex'], unmapped,
)
export const dma_map_err = event(
  'dma_map_err', 'dma', 'A mapping fails.', ['device:obj', 'phys_addr:addr', 'size:u32 bytes', DIR],
)
export const dma_map_sg = event(
  'dma_map_sg', 'dma', 'A scatter list is mapped for a device.',
  ['mapping:obj', 'device:obj', 'nents:u32', 'ents:u32', DIR, 'attrs:hex'], mapped('$dir'),
)
export const dma_map_sg_err = event(
  'dma_map_sg_err', 'dma', 'Mapping a scatter list fails.',
  ['device:obj', 'nents:u32', 'err:i32', DIR],
)
export const dma_unmap_sg = event(
  'dma_unmap_sg', 'dma', 'The mapping of a scatter list is undone.',
  ['mapping:obj', 'device:obj', 'nents:u32', DIR, 'attrs:hex'], unmapped,
)
export const dma_alloc = event(
  'dma_alloc', 'dma', 'Memory that CPU and device share is allocated.',
  ['mapping:obj', 'device:obj', 'virt_addr:addr', 'dma_addr:addr', 'size:u32 bytes', 'attrs:hex'],
  mapped('coherent'),
)
export const dma_free = event(
  'dma_free', 'dma', 'Memory that CPU and device share is freed.',
  ['mapping:obj', 'device:obj', 'virt_addr:addr', 'dma_addr:addr', 'size:u32 bytes'], unmapped,
)

const sync = ['mapping:obj', 'device:obj', 'dma_addr:addr', 'size:u32 bytes', DIR] as const

export const dma_sync_single_for_cpu = event(
  'dma_sync_single_for_cpu', 'dma', 'The CPU takes a mapped buffer over.', sync,
  [set('mapping', 'owner', 'cpu')],
)
export const dma_sync_single_for_device = event(
  'dma_sync_single_for_device', 'dma', 'The device takes a mapped buffer over.', sync,
  [set('mapping', 'owner', 'device')],
)
export const dma_sync_sg_for_cpu = event(
  'dma_sync_sg_for_cpu', 'dma', 'The CPU takes a mapped scatter list over.',
  ['mapping:obj', 'device:obj', 'nents:u32', DIR], [set('mapping', 'owner', 'cpu')],
)
export const dma_sync_sg_for_device = event(
  'dma_sync_sg_for_device', 'dma', 'The device takes a mapped scatter list over.',
  ['mapping:obj', 'device:obj', 'nents:u32', DIR], [set('mapping', 'owner', 'device')],
)
export const dma_set_mask = event(
  'dma_set_mask', 'dma', 'A driver says which addresses its device can reach.',
  ['device:obj', 'bits:u32', 'coherent:bool', 'ret:i32'],
)
export const dma_bounce = event(
  'swiotlb_bounced', 'dma', 'A mapping goes through a bounce buffer.',
  ['device:obj', 'phys_addr:addr', 'slot_addr:addr', 'size:u32 bytes'],
)
