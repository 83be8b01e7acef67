import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { memoryAccess } from '../mm/watch'
import { scheduleTimeout } from '../time/sleep'
import { msecsToJiffies } from '../time/clock'
import { current, mightSleep, setCurrentState } from '../sched/schedule'
import type { Urb, usb_anchor } from './urb'
import { getUrb, putUrb } from './urb-ref'

/** Requests in groups: drivers/usb/core/urb.c. */

/** The anchor takes a reference; a poisoned one makes the request unfit for submission. */
export function anchorUrb(urb: Urb, anchor: usb_anchor): void {
  getUrb(urb, { holder: anchor, why: 'anchored' })
  anchor.$urbs.push(urb)
  urb.anchor = anchor
  if (anchor.poisoned) urb.$reject++
}

/** Wakes those who wait for an empty anchor, unless a giveback of a member is under way. */
const wake = (anchor: usb_anchor): void => {
  if (isEmptyAndQuiet(anchor)) anchor.$waiters.wakeAll()
}

export const isEmptyAndQuiet = (anchor: usb_anchor): boolean =>
  anchor.$suspended === 0 && anchor.$urbs.length === 0

export function unanchorUrb(urb: Urb): void {
  const { anchor } = urb
  if (!anchor) return
  memoryAccess(machine()).touch(anchor, 'urb_list', true, 'usb_unanchor_urb')
  urb.anchor = null
  const at = anchor.$urbs.indexOf(urb)
  if (at >= 0) anchor.$urbs.splice(at, 1)
  putUrb(urb)
  wake(anchor)
}

export function suspendWakeups(anchor: usb_anchor | null): void {
  if (anchor) anchor.$suspended++
}

export function resumeWakeups(anchor: usb_anchor | null): void {
  if (!anchor) return
  memoryAccess(machine()).touch(anchor, 'suspend_wakeups', true, 'usb_anchor_resume_wakeups')
  anchor.$suspended--
  wake(anchor)
}

/** The oldest member, off the anchor; its reference is the caller's. */
export function takeFromAnchor(anchor: usb_anchor): Urb | null {
  const first = anchor.$urbs[0] ?? null
  if (!first) return null
  getUrb(first)
  unanchorUrb(first)
  return first
}

/** Lets all members go, under way or not. */
export function scuttle(anchor: usb_anchor): void {
  for (let urb = anchor.$urbs[0]; urb; urb = anchor.$urbs[0]) unanchorUrb(urb)
}

/** 0 when the time (in ms) is over first, else what is left of it in jiffies. */
export function* waitAnchorEmpty(anchor: usb_anchor, timeoutMs: number): Sim<number> {
  mightSleep('usb_wait_anchor_empty_timeout')
  let left = msecsToJiffies(machine(), timeoutMs)
  while (!isEmptyAndQuiet(anchor) && left > 0) {
    anchor.$waiters.tasks.push(current())
    setCurrentState('uninterruptible')
    left = yield* scheduleTimeout(left, anchor, 'an empty anchor')
  }
  return isEmptyAndQuiet(anchor) ? Math.max(1, left) : 0
}
