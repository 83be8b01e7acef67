/** Graphics devices: `import * as drm from 'rust/drm'`. */
export { DrmDevice as Device, DrmRegistration as Registration } from '../../kernel/rust/drm'
export type { DrmDriver as Driver, DrmIoctl as Ioctl } from '../../kernel/rust/drm'
