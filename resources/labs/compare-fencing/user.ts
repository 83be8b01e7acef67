import { close, usleep } from 'user/libc'
import { EDU_COPY, EDU_FACTORIAL, EDU_IDENT, EDU_RAISE, EDU_START_COPY } from './commands'
import { edu_call, edu_open } from './user-api'

/** How the person at the keyboard and the programs agree on what comes next. */
export const stage = { ready: 0, disturbed: false }

const CALLS = 16
const POLL_US = 5000

function wait_for_disturbance() {
  stage.ready++
  while (!stage.disturbed) usleep(POLL_US)
}

/** Uses the device and closes it: the fast call many times, each other one once. 0: all is well. */
export function calm() {
  const fd = edu_open()
  if (fd < 0) return 1
  let wrong = 0
  for (let i = 0; i < CALLS; i++) if (edu_call(fd, EDU_IDENT, 0) !== 0xed) wrong++
  if (edu_call(fd, EDU_FACTORIAL, 5) !== 120) wrong++
  if (edu_call(fd, EDU_COPY, 0) !== 0) wrong++
  close(fd)
  stage.ready++
  return wrong
}

/** Has the device open, does nothing with it for a while, then calls again. */
export function patient() {
  const fd = edu_open()
  if (fd < 0) return 1
  edu_call(fd, EDU_IDENT, 0)
  wait_for_disturbance()
  edu_call(fd, EDU_IDENT, 0)
  edu_call(fd, EDU_FACTORIAL, 4)
  close(fd)
  return 0
}

/** Calls and calls, until it is told to stop: the disturbance falls into one of the calls. */
export function busy() {
  const fd = edu_open()
  if (fd < 0) return 1
  stage.ready++
  while (!stage.disturbed) {
    edu_call(fd, EDU_FACTORIAL, 3)
    edu_call(fd, EDU_IDENT, 0)
  }
  close(fd)
  return 0
}

/** Waits in one long call. */
export function copying() {
  const fd = edu_open()
  if (fd < 0) return 1
  stage.ready++
  edu_call(fd, EDU_COPY, 0)
  close(fd)
  return 0
}

/** Lets the device write to memory, and closes only when it is told to; no call after that. */
export function starting_dma() {
  return starting(EDU_START_COPY)
}
/** An interrupt is raised: its work is queued or runs. */
export function starting_work() {
  return starting(EDU_RAISE)
}
/** Nothing is asked of the device: its heartbeat is due by itself. */
export function starting_nothing() {
  return starting(EDU_IDENT)
}

function starting(command: number) {
  const fd = edu_open()
  if (fd < 0) return 1
  edu_call(fd, command, 0)
  wait_for_disturbance()
  close(fd)
  return 0
}

/** Opens, calls and closes, over and over, whether the device is there or not. */
export function opening() {
  stage.ready++
  while (!stage.disturbed) {
    const fd = edu_open()
    if (fd >= 0) {
      edu_call(fd, EDU_FACTORIAL, 3)
      close(fd)
    }
    usleep(100)
  }
  return 0
}
