import { quiet } from '../kernel/api'
import { memlockLimit } from '../kernel/mm/mlock'

/** What a program may do besides what everybody may: `linux/capability`. Root may do everything. */

export const CAP_IPC_LOCK = 14
export const CAP_NET_ADMIN = 12
export const CAP_SYS_RAWIO = 17
export const CAP_SYS_ADMIN = 21
export const CAP_SYS_NICE = 23

/** Whether the running program has a capability. */
export const capable = quiet((_cap: number): boolean => memlockLimit().capable)
