import { expect } from 'vitest'
import type { CompiledFile } from '../../../src-sim/compiler'
import { compiled, load, MiniRuntime, type MiniOptions } from './mini-runtime'

/** What a program did: its result, or the kind of error it ended with, and what it logged. */
export interface Outcome {
  result?: unknown
  error?: string
  log: unknown[]
}

type Log = (...values: unknown[]) => unknown

const MODES: MiniOptions[] = [{}, { watch: true }, { fuel: 0 }, { watch: true, fuel: 2 }]

function outcome(run: (log: Log) => unknown): Outcome {
  const log: unknown[] = []
  const record: Log = (...values) => {
    log.push(...values.map((value) => describe(value)))
    return values[0]
  }
  try {
    return { result: describe(run(record)), log }
  } catch (error) {
    return { error: error instanceof Error ? error.constructor.name : describe(error) as string, log }
  }
}

/** A comparable form: functions by name, everything else by its content. */
function describe(value: unknown): unknown {
  if (typeof value === 'function') return `function ${value.name}`
  if (value instanceof Map || value instanceof Set) return [...value].map(describe)
  if (Array.isArray(value)) return value.map(describe)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, describe(part)]))
}

export function natively(body: string): Outcome {
  const f = (0, eval)(`(function (log) { 'use strict'; ${body} })`) as (log: Log) => unknown
  return outcome((log) => f.call(undefined, log))
}

/** `log` is a kernel function here: each call of it is a scheduling point. */
export function resumably(file: CompiledFile, options: MiniOptions): Outcome {
  return outcome((log) => {
    const runtime = new MiniRuntime(options)
    const { main } = load(file, runtime, { 'klab/log': { log } })
    return runtime.run(main as () => unknown)
  })
}

/** The program means the same in plain JavaScript and in all forms of the resumable one. */
export function expectSame(body: string): Outcome {
  const expected = natively(body)
  const file = compiled(`import { log } from 'klab/log'\nexport function main() { ${body} }`)
  for (const mode of MODES) expect(resumably(file, mode), JSON.stringify(mode)).toEqual(expected)
  return expected
}
