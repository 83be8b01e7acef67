import { readFileSync } from 'node:fs'
import type { Choice, RunOptions } from '../../src-sim/protocol'
import { UsageError } from './errors'

/**
 * The settings of a run from a file: a list of choices, what `explore --json` prints, or what
 * `compare --save` writes, which also knows the failing call and the parameters of the lab.
 */
export function readSchedule(path: string): RunOptions {
  const json = parsed(path)
  if (Array.isArray(json)) return { strategy: 'replay', choices: json as Choice[] }
  const holder = json as RunOptions & { first?: { choices: Choice[] } | null }
  if (holder.strategy === 'fair') return holder
  const choices = holder.choices ?? holder.first?.choices
  if (!choices)
    throw new UsageError(`${path} has no choices: give the output of \`klab explore --json\`.`)
  const { seed, fail, params } = holder
  return { strategy: 'replay', choices, seed, fail, params }
}

function parsed(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    throw new UsageError(`${path} cannot be read: name a file with a schedule.`)
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageError(`${path} is not JSON.`)
  }
}

/** `['a=1', 'b=2']` as values by name. */
export function paramsOf(texts: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {}
  for (const text of texts) {
    const at = text.indexOf('=')
    if (at <= 0) throw new UsageError(`'${text}' is not a parameter: write NAME=VALUE.`)
    params[text.slice(0, at)] = text.slice(at + 1)
  }
  return params
}
