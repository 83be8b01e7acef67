import { machine } from '../../engine/current'
import { report } from '../report'

/** Rules that the Rust compiler checks and this one cannot: breaking one is a finding. */
export type BrokenRule =
  | 'use-after-move'
  | 'use-after-drop'
  | 'borrow'
  | 'typestate'
  | 'bounds'

/** Says that what just happened is a program that Rust would refuse to compile. */
export function ruleBroken(
  rule: BrokenRule, title: string, rules: string[], objects: object[] = [],
): void {
  report(machine(), {
    kind: `rust.${rule}`,
    title,
    details: ['This program does not compile in Rust.'],
    objects,
    rules,
    help: 'models',
  })
}
