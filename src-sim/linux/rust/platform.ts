import { quiet } from '../../kernel/api'
import { declareModule } from '../../kernel/rust/module'
import { registerPlatform, type PlatformDriver } from '../../kernel/rust/platform'

/** Drivers for platform devices: `import * as platform from 'rust/platform'`. */
export {
  IoMem, IoRequest, PlatformDevice as Device, PlatformRegistration as Registration,
} from '../../kernel/rust/platform'
export type { PlatformDriver as Driver } from '../../kernel/rust/platform'

/** `module_platform_driver!`: a module whose value is the registration of this driver. */
export const module_platform_driver = quiet(
  <Data>(init: { type: PlatformDriver<Data>; name: string }): void =>
    declareModule((owner) =>
      registerPlatform(init.name, init.type as PlatformDriver<unknown>, owner)),
)
