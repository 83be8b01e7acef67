/** Conditions that a compiler would refuse: `linux/build_bug`. Here they do nothing. */
export { BUILD_BUG_ON } from './bug'
export function static_assert(_condition: unknown, _message?: string): void {}
