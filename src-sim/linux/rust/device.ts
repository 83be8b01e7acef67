import { quiet } from '../../kernel/api'
import { deviceSays } from '../../kernel/rust/device'

/** Devices of any bus: `rust/device`. */
export { Device } from '../../kernel/rust/device'
export type { Bound, Core, Normal } from '../../kernel/rust/device'

/** Prints for a device: `dev_info(pdev, 'text')`. */
export const dev_info = quiet(deviceSays(6))
export const dev_warn = quiet(deviceSays(4))
export const dev_err = quiet(deviceSays(3))
export const dev_dbg = quiet(deviceSays(7))
