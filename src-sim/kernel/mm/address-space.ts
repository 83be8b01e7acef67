import { KernelObject } from '../../engine/object'
import type { page } from './page'
import type { vm_area_struct } from './vma'

/**
 * The pages of one file, and all mappings of it by whatever processes: files with the same
 * `f_mapping` share it.
 */
export class address_space extends KernelObject {
  readonly $type = 'address_space'
  /** @internal Every mapping of it, in the order they came. */
  readonly $vmas = new Set<vm_area_struct>()
  /** @internal Its pages by number, for files that live in memory. */
  readonly $pages = new Map<number, page>()
  /** @internal Mappings through which it could be written to. */
  $writable = 0
}
