/** Counted references and cleanups: `rust/types`. */
export { ARef } from '../../kernel/rust/device'
export { ScopeGuard } from '../../kernel/rust/scope-guard'
