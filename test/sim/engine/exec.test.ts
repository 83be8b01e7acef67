import { describe, expect, it } from 'vitest'
import { TaskDeath } from '../../../src-sim/engine/exec'
import { point, type Sim } from '../../../src-sim/engine/suspend'
import { boot, run } from '../harness'

const turn = (): unknown => point(turn, null)

/** Calls another function the way compiled code does: the engine pushes the frame. */
function* deep(depth: number, leaf: () => Sim<unknown>): Sim<unknown> {
  return depth === 0 ? yield leaf() : yield deep(depth - 1, leaf)
}

describe('a context', () => {
  it('hands results up through frames of any depth', () => {
    let got: unknown
    run(function* () {
      got = yield deep(5000, function* () {
        yield turn()
        return 42
      })
    })
    expect(got).toBe(42)
  })

  it('costs the same to resume at any depth: the engine keeps the stack', () => {
    const machine = boot(function* () {
      yield deep(300, function* () {
        yield turn()
        yield turn()
      })
    })
    machine.step()
    machine.step()
    expect(machine.main!.depth).toBe(303)
    machine.run()
    expect(machine.main!.depth).toBe(0)
  })

  it('passes errors down the frames, through finally and into the first catch', () => {
    const seen: string[] = []
    run(function* () {
      try {
        yield (function* (): Sim {
          try {
            yield deep(3, function* () {
              yield turn()
              throw new RangeError('broken')
            })
          } finally {
            yield turn()
            seen.push('finally')
          }
        })()
      } catch (error) {
        seen.push((error as Error).message)
      }
      seen.push('on')
    })
    expect(seen).toEqual(['finally', 'broken', 'on'])
  })

  it('that nobody catches for ends in an oops, and only it', () => {
    const oops: unknown[] = []
    const machine = boot(function* () {
      yield turn()
      yield turn()
    })
    machine.trouble = { ...machine.trouble, oops: (_exec, error) => void oops.push(error) }
    machine.inside(() =>
      machine.spawn(
        'victim',
        (function* (): Sim {
          yield turn()
          throw new TypeError('null')
        })(),
        { cpu: 1 },
      ),
    )
    expect(machine.run()).toBe('finished')
    expect(oops.map(String)).toEqual(['TypeError: null'])
    expect(machine.tasks.map((t) => [t.name, t.died])).toEqual([['main', false], ['victim', true]])
  })

  it('that is ended by the kernel runs no further, whatever surrounds it', () => {
    let after = false
    const machine = boot(function* () {
      yield turn()
    })
    machine.inside(() =>
      machine.spawn(
        'victim',
        (function* (): Sim {
          yield deep(4, function* () {
            throw new TaskDeath('oops')
          })
          after = true
        })(),
        { cpu: 1 },
      ),
    )
    machine.run()
    expect(after).toBe(false)
    expect(machine.tasks[1]).toMatchObject({ died: true, state: 'dead', depth: 0 })
  })
})
