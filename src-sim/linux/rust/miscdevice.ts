/** Character devices with one node each: `rust/miscdevice`. */
export { MiscDeviceRegistration } from '../../kernel/rust/misc'
export type { MiscDevice } from '../../kernel/rust/misc'
export { ArcBorrow } from '../../kernel/rust/pointers'
