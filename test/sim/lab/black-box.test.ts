import { describe, expect, it } from 'vitest'
import { position } from '../../../src-sim/engine/position'
import { BLACK_BOX_WORDS, lastSeen, noteSeen } from '../../../src-sim/lab/black-box'

const empty = (): Int32Array => new Int32Array(BLACK_BOX_WORDS)

describe('the black box', () => {
  it('has seen nothing at first', () => {
    expect(lastSeen(empty())).toBeNull()
  })

  it('tells the last place only', () => {
    const box = empty()
    noteSeen(box, position(3, 400, 7), 'hardware/a-long-name.ts')
    noteSeen(box, position(1, 12, 5), 'driver.ts')
    expect(lastSeen(box)).toBe('driver.ts:12')
  })

  it('keeps the start of a path that is too long for it', () => {
    const box = empty()
    noteSeen(box, position(1, 2, 1), 'x'.repeat(1000))
    expect(lastSeen(box)).toBe(`${'x'.repeat(BLACK_BOX_WORDS - 2)}:2`)
  })
})
