import { describe, expect, it } from 'vitest'
import { readBuiltin, runLab } from './lab-kit'

const kindsOf = (id: string): string[] => runLab(readBuiltin(id)).findings.map((f) => f.kind)

describe('what may be done when an address space ends', () => {
  it.each(['debate-d-exit-faulting', 'debate-d-fence-wait-fixed', 'debate-d-bind-race-fixed'])(
    '%s is silent', (id) => expect(kindsOf(id)).toEqual([]),
  )

  it('a card that nobody tells writes to memory of others', () => {
    expect(kindsOf('debate-d-exit-unheard')).toContain('kasan.use-after-free')
  })

  it('a table that is filled after release is never emptied', () => {
    expect(kindsOf('debate-d-bind-race-broken')).toContain('kasan.use-after-free')
  })

  it('waiting for a fence in a notifier closes a ring of waits', () => {
    expect(kindsOf('debate-d-fence-wait-broken')).toEqual(['lockdep.circular'])
  })

  it.each([['stop', 'for a queue that is none of its business'], ['fault', 'a moment']])(
    'a release that means to %s makes another program wait %s',
    (design, text) => {
      const { dmesg, findings } = runLab(readBuiltin('debate-d-slow-release'), { params: { design } })
      expect(findings).toEqual([])
      expect(dmesg.join('\n')).toContain(`faults: another program waited ${text}`)
    },
  )
})
