/** Values that can be taken away: `rust/revocable`. */
export { Revocable, RevocableGuard } from '../../kernel/rust/revocable'
