import type { ObjectState } from '../../src-sim/trace/types'

/** How alive a state is; decides colour and shape of a badge. */
export type Tone = 'live' | 'busy' | 'going' | 'dead' | 'none'

export interface LifeState {
  readonly id: string
  readonly title: string
  readonly tone: Tone
  /** Place in the diagram: column and line. */
  readonly x: number
  readonly y: number
}

export interface Lifecycle {
  readonly states: readonly LifeState[]
  readonly moves: readonly (readonly [from: string, to: string, why: string])[]
  /** Which state an object that is not freed is in. */
  readonly now: (facets: ReadonlyMap<string, string>, object: ObjectState) => string
}

export const s = (id: string, title: string, tone: Tone, x: number, y: number): LifeState => ({ id, title, tone, x, y })
export const FREED = (x: number, y: number): LifeState => s('freed', 'Freed', 'dead', x, y)
