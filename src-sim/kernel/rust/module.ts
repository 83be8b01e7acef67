import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { frame } from '../api'
import { modules, type module } from '../base/module'
import { dropNow, takeOwnership } from './drop'
import { asErrno } from './error'
import { actAs, textHere } from './glue'

/**
 * `kernel::Module`, implemented by a class with a static `init`. What it answers is the module's
 * value: unloading drops it, field by field in the order of their declaration.
 */
export interface RustModule {
  init(module: module): object
}

/** What the `module!` macro makes of such a class: an init and an exit function. */
export function declareModule(init: (owner: module) => unknown): void {
  const loading = modules(machine()).loading
  const text = textHere()
  if (!loading) return
  let value: unknown = null
  const start = function* (): Sim {
    actAs(text)
    value = takeOwnership(yield* call(() => init(loading)))
  }
  loading.$init = () => frame('init_module', asErrno(start()))
  loading.$exit = () => frame('cleanup_module', dropNow(value))
}
