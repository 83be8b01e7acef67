import { kernelCall, kernelFrame, quiet } from '../kernel/api'
import type { notifier_block } from '../kernel/base/notifier'
import * as c from '../kernel/locking/notifier-chains'

/** Brought along, as by the C header. */
export * from './errno'
export * from './mutex'
export * from './rwsem'
export * from './srcu'

/** Chains of callbacks: `linux/notifier`. A chain keeps bare pointers to its blocks (DM-65). */
export {
  NOTIFY_BAD, NOTIFY_DONE, NOTIFY_OK, NOTIFY_STOP, NOTIFY_STOP_MASK, notifier_block,
} from '../kernel/base/notifier'
export {
  atomic_notifier_head, blocking_notifier_head, raw_notifier_head, srcu_notifier_head,
} from '../kernel/locking/notifier-chains'

type Block = notifier_block

/** The error inside an answer of a callback, 0 when there is none. */
export function notifier_to_errno(ret: number): number {
  const error = ret & ~0x8000
  return error > 1 ? 1 - error : 0
}
/** An answer that stops the chain with an error. */
export function notifier_from_errno(error: number): number {
  return error === 0 ? 1 : 0x8000 | (1 - error)
}

/** 0, or -EEXIST with a WARNING when the block is on the chain already. May sleep. */
export const blocking_notifier_chain_register = kernelFrame(
  'blocking_notifier_chain_register',
  (nh: c.blocking_notifier_head, nb: Block) => c.blockingRegister(nh, nb, false),
)
/** As before, but -EBUSY when another block has the same priority. */
export const blocking_notifier_chain_register_unique_prio = kernelFrame(
  'blocking_notifier_chain_register_unique_prio',
  (nh: c.blocking_notifier_head, nb: Block) => c.blockingRegister(nh, nb, true),
)
/**
 * Waits for running callbacks; -ENOENT when it was not on the chain. May sleep; not from a
 * callback.
 */
export const blocking_notifier_chain_unregister = kernelCall(
  'blocking_notifier_chain_unregister',
  c.blockingUnregister,
)
/** Calls all blocks, highest priority first; what the last one answered. May sleep. */
export const blocking_notifier_call_chain = kernelCall(
  'blocking_notifier_call_chain',
  c.blockingCall,
)
export const atomic_notifier_chain_register = kernelFrame(
  'atomic_notifier_chain_register',
  (nh: c.atomic_notifier_head, nb: Block) => c.atomicRegister(nh, nb, false),
)
export const atomic_notifier_chain_register_unique_prio = kernelFrame(
  'atomic_notifier_chain_register_unique_prio',
  (nh: c.atomic_notifier_head, nb: Block) => c.atomicRegister(nh, nb, true),
)
/** Waits for a grace period. May sleep; never from the chain. */
export const atomic_notifier_chain_unregister = kernelCall(
  'atomic_notifier_chain_unregister',
  c.atomicUnregister,
)
/** Calls all blocks as an RCU reader: callbacks must not sleep. Any context. */
export const atomic_notifier_call_chain = kernelCall('atomic_notifier_call_chain', c.atomicCall)
/** The caller excludes others by a lock of its own. */
export const raw_notifier_chain_register = kernelCall('raw_notifier_chain_register', c.rawRegister)
/** Waits for nothing. */
export const raw_notifier_chain_unregister = kernelCall(
  'raw_notifier_chain_unregister',
  c.rawUnregister,
)
export const raw_notifier_call_chain = kernelCall('raw_notifier_call_chain', c.rawCall)
/** Prepares a chain with an SRCU domain. Pair: `srcu_cleanup_notifier_head`. */
export const srcu_init_notifier_head = kernelCall('srcu_init_notifier_head', c.initSrcuHead)
export const srcu_cleanup_notifier_head = kernelCall(
  'srcu_cleanup_notifier_head',
  c.cleanupSrcuHead,
)
export const srcu_notifier_chain_register = kernelCall(
  'srcu_notifier_chain_register',
  c.srcuRegister,
)
/** Waits for the readers of this chain. May sleep; never from the chain. */
export const srcu_notifier_chain_unregister = kernelCall(
  'srcu_notifier_chain_unregister',
  c.srcuUnregister,
)
export const srcu_notifier_call_chain = kernelCall('srcu_notifier_call_chain', c.srcuCall)

/** Static heads: `const chain = BLOCKING_NOTIFIER_HEAD('chain')`. */
export const ATOMIC_NOTIFIER_HEAD = quiet((_name = '') => new c.atomic_notifier_head())
export const BLOCKING_NOTIFIER_HEAD = quiet((_name = '') => new c.blocking_notifier_head())
export const RAW_NOTIFIER_HEAD = quiet((_name = '') => new c.raw_notifier_head())
export const SRCU_NOTIFIER_HEAD = quiet((_name = '') => new c.srcu_notifier_head())
export const SRCU_NOTIFIER_HEAD_STATIC = SRCU_NOTIFIER_HEAD
/** Empties a head that lies inside a structure. */
export const ATOMIC_INIT_NOTIFIER_HEAD = kernelCall(
  'ATOMIC_INIT_NOTIFIER_HEAD',
  (head: c.atomic_notifier_head): void => void head.$chain.blocks.splice(0),
)
export const BLOCKING_INIT_NOTIFIER_HEAD = kernelCall(
  'BLOCKING_INIT_NOTIFIER_HEAD',
  (head: c.blocking_notifier_head): void => void head.$chain.blocks.splice(0),
)
export const RAW_INIT_NOTIFIER_HEAD = kernelCall(
  'RAW_INIT_NOTIFIER_HEAD',
  (head: c.raw_notifier_head): void => void head.$chain.blocks.splice(0),
)
