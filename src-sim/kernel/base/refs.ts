/** The reference counts of the driver core are the kernel's usual ones. */
export { kref, refGet, refInit, refPut, refRead } from '../locking/refcount'
