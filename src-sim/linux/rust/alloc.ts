/** Memory with one owner: `rust/alloc`. */
export { KBox } from '../../kernel/rust/boxes'
export { GFP_ATOMIC, GFP_KERNEL, GFP_NOWAIT } from '../slab'
