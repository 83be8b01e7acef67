import { kernelCall, quiet } from '../../kernel/api'
import { dropInPlace, forget as forgetValue, takeOwnership } from '../../kernel/rust/drop'

/**
 * Owning and letting go: `rust/mem`. Rust drops a variable at the end of its block; here that is
 * written `using x = ...`. A field is dropped with the structure it is in, in the order of the
 * declarations, after the structure's own `drop()`.
 */
export { Owned } from '../../kernel/rust/drop'

/** Ends a value here and now. What has been moved or dropped already is left alone. */
export const drop: (value: unknown) => void = kernelCall('drop', dropInPlace as never)

/** The value is never dropped; what it owns stays as it is. */
export const forget = quiet(forgetValue)

/**
 * Gives a value away: the variable that it was in must not be used any more, and the end of a
 * `using` variable does nothing. Needed where the language cannot see it: in constructors of your
 * own, in fields and in answers. The functions of `rust/*` that take a value over do it themselves.
 */
export const move = quiet(<T>(value: T): T => takeOwnership(value))
