import { alloc, event, free, set } from '../declare'

/** Memory: include/trace/events/kmem.h. The object that lives in the memory comes first. */

export const kmalloc = event(
  'kmalloc', 'mm', 'Memory is allocated.',
  [
    'object:obj', 'call_site:sym', 'ptr:addr', 'bytes_req:u32 bytes', 'bytes_alloc:u32 bytes',
    'gfp_flags:str',
  ],
  [alloc('object')],
)
export const kfree = event(
  'kfree', 'mm', 'Memory is freed.', ['object:obj', 'call_site:sym', 'ptr:addr'], [free('object')],
)
export const kmem_cache_alloc = event(
  'kmem_cache_alloc', 'mm', 'An object is taken from a cache.',
  ['object:obj', 'call_site:sym', 'ptr:addr', 'name:str', 'bytes_req:u32 bytes', 'gfp_flags:str'],
  [alloc('object')],
)
export const kmem_cache_free = event(
  'kmem_cache_free', 'mm', 'An object goes back to its cache.',
  ['object:obj', 'call_site:sym', 'ptr:addr', 'name:str'], [free('object')],
)
export const mm_page_alloc = event(
  'mm_page_alloc', 'mm', 'Pages are allocated.',
  ['object:obj', 'pfn:u64', 'order:u32', 'gfp_flags:str'], [alloc('object')],
)
export const mm_page_free = event(
  'mm_page_free', 'mm', 'Pages are freed.',
  ['object:obj', 'pfn:u64', 'order:u32'], [free('object')],
)
export const alloc_fail = event(
  'alloc_fail', 'mm', 'An allocation fails, by chance or because it was told to.',
  ['call_site:sym', 'bytes_req:u32 bytes', 'injected:bool'],
)
export const exit_mmap = event(
  'exit_mmap', 'mm', 'The last user of an address space has gone: its mappings are torn down.',
  ['mm:obj'], [set('mm', 'state', 'torn down')],
)
