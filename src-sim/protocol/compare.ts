import * as v from 'valibot'
import type { Finding } from '../engine/finding'
import type { RunOptions } from './run'

/** The parameter of a lab's scenario that a comparison varies. */
export const DISTURBANCE = 'disturbance'

/** The built-in models, from the one that takes care of least to the one that takes care of most. */
const TAUGHT = ['refcount', 'devm', 'fencing', 'revocable', 'disassociate', 'drm']
const PREFIX = 'compare-'

/** Orders the ids of compared labs: somebody's own first, then the built-in ones as they are taught. */
export function compareOrder(a: string, b: string): number {
  const place = (id: string): number =>
    id.startsWith(PREFIX) ? TAUGHT.indexOf(id.slice(PREFIX.length)) : -1
  return place(a) - place(b) || (a < b ? -1 : a > b ? 1 : 0)
}

export const CompareOptions = v.object({
  /** Ids of the disturbances to try; default: all that the labs know. */
  disturbances: v.optional(v.array(v.string())),
  /** Schedules for each cell: the first by virtual time, the others by chance. */
  schedules: v.optional(v.number(), 40),
  seed: v.optional(v.number(), 0),
  jobs: v.optional(v.number()),
  /** Decide only the cells whose number modulo `of` is `index`; the first shard measures costs. */
  shard: v.optional(v.object({ index: v.number(), of: v.number() })),
})
export type CompareOptions = v.InferInput<typeof CompareOptions>

/** What all schedules of a cell together say. The order is from bad to good. */
export const VERDICTS = ['finding', 'hang', 'leak', 'safe'] as const
export type Verdict = (typeof VERDICTS)[number]

/** One model under one disturbance. */
export interface CompareCell {
  /** Id of the lab. */
  lab: string
  disturbance: string
  verdict: Verdict
  /** Schedules run, and how many of them did not end well. */
  schedules: number
  failed: number
  /** The mistake that counts: the first one of the worst kind. Null when safe. */
  finding: Finding | null
  /** Kinds of all mistakes seen, in the order of their first sighting. */
  kinds: string[]
  /** One sentence for a person. */
  text: string
  /** `open` or `run` with this shows the verdict again; for a safe cell, the run by virtual time. */
  run: RunOptions
}

/** What the same calls cost in a model when nothing goes wrong. Virtual time. */
export interface CompareCost {
  lab: string
  /** One call of the fast path, from entry to return. */
  callNs: number
  /** What the fast path does on each call to be allowed to touch the device. */
  locks: number
  readers: number
  references: number
  /** Taking the driver off an idle device that is open. */
  unbindNs: number
}

export interface CompareColumn {
  id: string
  title: string
}

export interface CompareProgress {
  done: number
  total: number
  /** The cell that has just been decided. */
  cell: CompareCell | null
}

export interface CompareResult {
  /** The rows, in the order given. */
  labs: CompareColumn[]
  disturbances: CompareColumn[]
  cells: CompareCell[]
  costs: CompareCost[]
  /** False when it was cancelled: cells are missing then. */
  complete: boolean
}
