import { expect, test } from 'vitest'
import { compare } from '../sim/lab/compare-kit'
import { MODELS, rowsOfPage } from '../sim/lab/compare-page'
import { readBuiltin } from '../sim/lab/lab-kit'

/** What only a schedule drawn by chance would show makes a safe cell of the page untrue. */
const SCHEDULES = 300

test.each([...rowsOfPage()].filter(([name]) => /^[a-z]+-[a-z-]+$/.test(name)))(
  '%s leads to what the page says in every model, in many schedules',
  async (disturbance, kinds) => {
    const labs = MODELS.map((model) => readBuiltin(`compare-${model}`))
    const { cells } = await compare(labs, { disturbances: [disturbance], schedules: SCHEDULES })
    expect(cells.map((c) => c.finding?.kind ?? c.verdict)).toEqual(kinds)
  },
)
