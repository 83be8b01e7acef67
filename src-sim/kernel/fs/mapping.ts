/** Where the files' side finds what they are mapped by. */
export { address_space } from '../mm/address-space'
export { vm_area_struct, type vm_fault, type vm_operations_struct } from '../mm/vma'
