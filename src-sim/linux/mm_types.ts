/** The structures of memory management: `linux/mm_types`. */

export { page, type folio } from '../kernel/mm/page'
export { mm_struct } from '../kernel/mm/mm-struct'
export { vm_area_struct, type vm_fault, type vm_operations_struct } from '../kernel/mm/vma'
export { address_space } from '../kernel/mm/address-space'
