import type { Finding, Frame } from '../engine/finding'
import type { FailureOutcome } from './failures'
import type { CompareOptions, CompareProgress, CompareResult } from './compare'
import type { LabSource, Problem } from './lab'
import type { TraceMarks } from './marks'
import type {
  Choice,
  ExploreOptions,
  ExploreProgress,
  ExploreResult,
  RunOptions,
  RunResult,
  StopReason,
} from './run'

/** Raised when a message changes shape; both sides refuse a different one with a clear sentence. */
export const PROTOCOL_VERSION = 1

export type ExportFormat =
  'chrome' | 'ndjson' | 'text' | 'ftrace' | 'csv' | 'perfetto' | 'trace.dat' | 'ctf'

/** How far one command moves the machine. */
export type StepKind =
  | 'event' // next transition anywhere
  | 'context' // next transition in the context of the cursor
  | 'return' // until the current function of that context returns
  | 'back' // one transition back
  | 'finding' // next finding
  | 'previous-finding'

/** Where a session is. Sent on every change, at most 60 times a second. */
export interface SessionStatus {
  state: 'empty' | 'ready' | 'running' | 'paused' | 'ended' | 'failed'
  lab: string
  /** Steps executed so far and virtual time reached, the far end of the trace. */
  steps: number
  timeNs: number
  events: number
  /** Where the user looks: everything shown follows this step. */
  cursorStep: number
  cursorTimeNs: number
  /** Event the cursor stands on (the last one at or before the cursor's step). */
  cursorEvent: number
  findings: number
  dmesgLines: number
  seed: number
  strategy: string
  traceHash: string
  stop: StopReason | null
  stopText: string
}

export interface DmesgLine {
  /** 0 emergency ... 7 debug, as in the kernel. */
  level: number
  timeNs: number
  text: string
  cpu: number
  context: string
  step: number
  event: number
  file: string | null
  line: number
  /** Index of the finding whose report this line belongs to. */
  finding: number | null
}

/** One running context at the cursor with its call stack, innermost first. */
export interface ContextView {
  id: number
  cpu: number
  kind: 'task' | 'softirq' | 'hardirq' | 'nmi'
  name: string
  pid: number
  state: string
  /** What it waits for, in words, when it is not running. */
  waitsFor: string | null
  running: boolean
  stack: Frame[]
  locks: string[]
  preemptCount: number
  irqsOff: boolean
}

export interface Breakpoint {
  file: string
  line: number
}

/** What a bundle holds besides the trace. */
export interface BundleContent {
  lab: LabSource
  options: RunOptions
  notes: string
  marks: TraceMarks
  traceHash: string
}

/** What the kernel worker offers. Arguments are checked on arrival. */
export interface KernelApi {
  hello(): { protocol: number; version: string }
  /** Compiles and boots a lab up to its first step. */
  open(lab: LabSource, options: RunOptions): Promise<{ problems: Problem[]; status: SessionStatus }>
  /** Compiles only. */
  check(lab: LabSource): Promise<Problem[]>
  run(untilNs?: number): Promise<SessionStatus>
  pause(): Promise<SessionStatus>
  step(kind: StepKind): Promise<SessionStatus>
  /** Moves the cursor; the machine is re-executed to there when it is asked to go on. */
  seek(to: { step: number } | { timeNs: number } | { event: number }): Promise<SessionStatus>
  stop(): Promise<SessionStatus>
  breakpoints(list: Breakpoint[]): Promise<void>
  result(): Promise<RunResult>

  dmesg(from: number, count: number): Promise<DmesgLine[]>
  findings(): Promise<Finding[]>
  contexts(): Promise<ContextView[]>

  /** Trace queries: see src-sim/trace/types.ts for the shapes. */
  lanes(): Promise<unknown>
  window(query: unknown): Promise<unknown>
  events(query: unknown): Promise<unknown>
  state(at: { step: number } | { event: number }): Promise<unknown>
  objectHistory(id: number): Promise<unknown>
  neighbour(query: unknown): Promise<number | null>

  exportTrace(format: ExportFormat): Promise<{ name: string; mime: string; bytes: Uint8Array }>
  bundle(notes?: string, marks?: TraceMarks): Promise<{ name: string; bytes: Uint8Array }>
  /** Reads a bundle without running anything of it. */
  readBundle(bytes: Uint8Array): Promise<BundleContent>
  /** Shows the recorded trace of a bundle read-only. */
  openTrace(bytes: Uint8Array): Promise<SessionStatus>

  /** Runs the lab once with `options.fail` (0: none), beside the session, which stays as it is. */
  failCall(lab: LabSource, options: RunOptions): Promise<FailureOutcome>

  /**
   * Runs labs that are the same driver in different models under the same disturbances, beside the
   * session. Cells arrive with `compareProgress` as they are decided.
   */
  compare(labs: LabSource[], options: CompareOptions): Promise<CompareResult>
  cancelCompare(): Promise<void>

  explore(lab: LabSource, options: ExploreOptions): Promise<ExploreResult>
  cancelExplore(): Promise<void>
  /** One shard of an exploration, for the coordinating worker. */
  exploreShard(lab: LabSource, options: ExploreOptions): Promise<unknown>
}

/** What the kernel worker tells without being asked. */
export interface KernelEvents {
  status(status: SessionStatus): void
  exploreProgress(progress: ExploreProgress): void
  compareProgress(progress: CompareProgress): void
}

export type { Choice, Finding, Frame }
