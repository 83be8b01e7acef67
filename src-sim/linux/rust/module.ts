import { quiet } from '../../kernel/api'
import { declareModule, type RustModule } from '../../kernel/rust/module'

/** Modules: `rust/module`. */
export type { RustModule as Module } from '../../kernel/rust/module'
export type { module as ThisModule } from '../../kernel/base/module'

/**
 * `module! { type: T, name: ... }`: loading calls `T.init(THIS_MODULE)`, unloading drops what it
 * answered, in the order of its fields. No other static is ever dropped.
 */
export const module = quiet((init: { type: RustModule; name?: string }): void =>
  declareModule((owner) => init.type.init(owner)))
