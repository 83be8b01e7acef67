import * as v from 'valibot'

/** A lab as it travels: all its files in memory. `lab.json` is one of them. */
export const LabSource = v.object({
  /** Folder name or built-in id, e.g. `bug-01-broken`. */
  id: v.string(),
  /** Path inside the lab (forward slashes) -> text. */
  files: v.record(v.string(), v.string()),
})
export type LabSource = v.InferOutput<typeof LabSource>

/** A choice that a lab leaves to whoever runs it. */
export const LabParam = v.object({
  default: v.string(),
  /** Value -> what it means, in a few words. */
  values: v.record(v.string(), v.string()),
  /** Values under which a comparison makes each call that can fail do so in turn. */
  failing: v.optional(v.array(v.string())),
})
export type LabParam = v.InferOutput<typeof LabParam>

/** What `lab.json` says. */
export const LabManifest = v.object({
  title: v.string(),
  description: v.optional(v.string(), ''),
  /** e.g. `work items`, `interrupts`; groups the gallery. */
  subsystem: v.optional(v.string(), ''),
  difficulty: v.optional(v.picklist(['intro', 'medium', 'hard']), 'intro'),
  /** Modules in loading order; default: one module named after `driver.ts`'s lab. */
  modules: v.optional(v.array(v.object({ name: v.string(), entry: v.string() }))),
  machine: v.optional(v.string()),
  scenario: v.optional(v.string()),
  /** Other labs to show beside this one, e.g. the fixed twin. */
  twin: v.optional(v.string()),
  /** Ids of rules and corpus entries this lab is about. */
  about: v.optional(v.array(v.string()), []),
  /** A recorded schedule that shows the point of the lab on a plain run. */
  schedule: v.optional(v.string()),
  /** Default settings of a run. */
  run: v.optional(v.object({ seed: v.optional(v.number()), strategy: v.optional(v.string()) })),
  /** What the scenario asks for with `param(name)`: values with a title each, and the usual one. */
  params: v.optional(v.record(v.string(), LabParam)),
})
export type LabManifest = v.InferOutput<typeof LabManifest>

export interface LabSummary {
  id: string
  title: string
  description: string
  subsystem: string
  difficulty: string
  twin: string | null
  about: string[]
  /** What the scenario lets one choose, by name. */
  params: Record<string, LabParam>
}

/** Something wrong with a lab's sources; shown in the problem list and on stderr. */
export interface Problem {
  file: string
  line: number
  column: number
  message: string
}
