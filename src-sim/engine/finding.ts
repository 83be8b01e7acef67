import type { Position } from './position'

/** One frame of a backtrace, innermost first. Kernel frames have no place in the lab's sources. */
export interface Frame {
  function: string
  /** Path inside the lab, or null for a function of the kernel. */
  file: string | null
  line: number
  column: number
  /** Module whose text this is, or null for the kernel's own. */
  module: string | null
}

/** A stack as it is taken: cheap to keep for every allocation, turned into frames on demand. */
export interface RawStack {
  /** Task or context in which it was taken, e.g. `kworker/0:1`. */
  context: string
  pid: number
  cpu: number
  timeNs: number
  step: number
  /** Innermost first; a string is a kernel function's name. */
  frames: (Position | string)[]
}

export interface FindingStack {
  /** What this stack shows: `use`, `allocated`, `freed`, `queued`, `held by` ... */
  role: string
  context: string
  pid: number
  cpu: number
  timeNs: number
  step: number
  frames: Frame[]
}

export interface FindingObject {
  id: number
  type: string
  name: string
}

/** A mistake of the code under test, with everything that proves it. Plain data. */
export interface Finding {
  /** Stable name: `kasan.use-after-free`, `lockdep.circular` ... */
  kind: string
  /** One line, e.g. `BUG: KASAN: slab-use-after-free in demo_work+0x0 [demo]`. */
  title: string
  /** The report as the kernel log shows it. */
  report: string[]
  /** The same mistake met twice has the same signature. */
  signature: string
  file: string | null
  line: number
  column: number
  step: number
  timeNs: number
  stacks: FindingStack[]
  objects: FindingObject[]
  /** Ids of the broken rules. */
  rules: string[]
  /** Page of the help that explains it. */
  help?: string
}
