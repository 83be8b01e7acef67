import type { Machine } from '../../engine/machine'
import { SEC } from '../../base/units'

/**
 * Jiffies and the clocks. The counter starts 300 s before it would pass 32 bits, as it does on a
 * 64-bit machine, so that code that keeps jiffies in 32 bits shows itself.
 */
export const initialJiffies = (machine: Machine): number => 0x1_0000_0000 - 300 * machine.hz

export function jiffies(machine: Machine): number {
  const seconds = Math.floor(machine.nowNs / SEC)
  const rest = machine.nowNs - seconds * SEC
  return initialJiffies(machine) + seconds * machine.hz + Math.floor((rest * machine.hz) / SEC)
}

/** The first moment at which the counter shows `j` (or more). */
export function jiffyStartNs(machine: Machine, j: number): number {
  const ticks = Math.max(0, j - initialJiffies(machine))
  const seconds = Math.floor(ticks / machine.hz)
  return seconds * SEC + Math.ceil(((ticks - seconds * machine.hz) * SEC) / machine.hz)
}

/** The longest timeout: the kernel's LONG_MAX, as near as a number comes. */
export const MAX_SCHEDULE_TIMEOUT = Number.MAX_SAFE_INTEGER
/** What conversions answer for what is too long to express. */
export const MAX_JIFFY_OFFSET = Math.floor(Number.MAX_SAFE_INTEGER / 2)

export function msecsToJiffies(machine: Machine, ms: number): number {
  return ms < 0 || ms >= 0x8000_0000 ? MAX_JIFFY_OFFSET : Math.ceil((ms * machine.hz) / 1000)
}

export function usecsToJiffies(machine: Machine, us: number): number {
  return us < 0 ? MAX_JIFFY_OFFSET : Math.ceil((us * machine.hz) / 1_000_000)
}

export const nsecsToJiffies = (machine: Machine, ns: number): number =>
  Math.floor(ns / (SEC / machine.hz))

export const jiffiesToMsecs = (machine: Machine, j: number): number =>
  Math.ceil((j * 1000) / machine.hz)

export const jiffiesToUsecs = (machine: Machine, j: number): number =>
  Math.ceil((j * 1_000_000) / machine.hz)

export const jiffiesToNsecs = (machine: Machine, j: number): number =>
  Math.floor((j * SEC) / machine.hz)

/**
 * The wall clock at boot: the second day of 1970, as on a machine without a battery, because
 * nanoseconds since then must be exact numbers.
 */
export const BOOT_WALL_NS = 86_400 * SEC

export const CLOCK_REALTIME = 0
export const CLOCK_MONOTONIC = 1
export const CLOCK_MONOTONIC_RAW = 4
export const CLOCK_BOOTTIME = 7
export const CLOCK_TAI = 11
const TAI_OFFSET_NS = 37 * SEC

/** What must be added to the monotonic clock to get this one. */
export function clockOffsetNs(clock: number): number {
  if (clock === CLOCK_REALTIME) return BOOT_WALL_NS
  return clock === CLOCK_TAI ? BOOT_WALL_NS + TAI_OFFSET_NS : 0
}
