import * as v from 'valibot'

/** What a person marked in a run, for whoever opens its bundle. Times are virtual nanoseconds. */
export const TraceMarks = v.object({
  bookmarks: v.optional(v.array(v.pipe(v.number(), v.minValue(0))), []),
  markerA: v.optional(v.nullable(v.number()), null),
  markerB: v.optional(v.nullable(v.number()), null),
  /** Where to look first; null is the end of the run. */
  step: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0))), null),
})
export type TraceMarks = v.InferOutput<typeof TraceMarks>

export const NO_MARKS: TraceMarks = { bookmarks: [], markerA: null, markerB: null, step: null }
