import { now } from '../../engine/current'
import { ensure } from '../../base/assert'
import { contextState } from '../sched/context'

/** Until the end, accesses to programs' memory fail rather than fault. They nest. */
export function pagefaultDisable(): void {
  contextState(ensure(now.exec, 'no running context')).pagefaultsOff++
}
export function pagefaultEnable(): void {
  contextState(ensure(now.exec, 'no running context')).pagefaultsOff--
}
export const pagefaultsOff = (): boolean =>
  now.exec !== null && contextState(now.exec).pagefaultsOff > 0
