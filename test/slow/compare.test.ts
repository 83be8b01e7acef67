import { expect, test } from 'vitest'
import { compare } from '../sim/lab/compare-kit'
import { MODELS, rowsOfPage } from '../sim/lab/compare-page'
import { readBuiltin } from '../sim/lab/lab-kit'

/** What only a schedule drawn by chance would show makes a safe cell of the page untrue. */
const SCHEDULES = 300
/** What queued work can always come to in the model in which nothing keeps the module's text. */
const TEXT = 'text.execute-after-unload'

test.each([...rowsOfPage()].filter(([name]) => /^[a-z]+-[a-z-]+$/.test(name)))(
  '%s leads to what the page says in every model, in many schedules',
  async (disturbance, kinds) => {
    const labs = MODELS.map((model) => readBuiltin(`compare-${model}`))
    const { cells } = await compare(labs, { disturbances: [disturbance], schedules: SCHEDULES })
    const shown = cells.map((c) => c.finding?.kind ?? c.verdict)
    const allowed = shown.map((kind, i) => (kind === TEXT && MODELS[i] === 'revocable' ? TEXT : kinds[i]))
    expect(shown).toEqual(allowed)
  },
)
