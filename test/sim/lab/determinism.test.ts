import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { Session } from '../../../src-sim/lab/session'
import { packBundle, readBundle } from '../../../src-sim/lab/bundle'
import { scheduleRunner } from '../../../src-sim/lab/explore'
import { makeStrategy } from '../../../src-sim/engine/strategies'
import { shrink } from '../../../src-sim/explorer/shrink'
import { NO_MARKS } from '../../../src-sim/protocol'
import { builtinIds, compile, readBuiltin, runLab, sandbox } from './lab-kit'

describe('the same input gives the same run', () => {
  it.each(builtinIds())('%s: twice the same trace hash, fair and random', (id) => {
    const lab = readBuiltin(id)
    for (const strategy of ['fair', 'random'] as const) {
      const a = runLab(lab, { strategy, seed: 5 })
      const b = runLab(lab, { strategy, seed: 5 })
      expect(b.traceHash).toBe(a.traceHash)
      expect(b.dmesg).toEqual(a.dmesg)
    }
  })

  it('another seed gives another run', () => {
    const lab = readBuiltin('bug-01-broken')
    const hashes = [1, 2, 3].map((seed) => runLab(lab, { strategy: 'random', seed }).traceHash)
    expect(new Set(hashes).size).toBe(3)
  })

  it('a recorded random run replays to the same trace', () => {
    const lab = readBuiltin('bug-01-broken')
    const recorded = runLab(lab, { strategy: 'random', seed: 11 })
    const replayed = runLab(lab, { strategy: 'replay', choices: recorded.choices })
    expect(replayed.traceHash).toBe(recorded.traceHash)
    expect(replayed.findings).toEqual(recorded.findings)
  })

  it('a shortened schedule still shows the mistake and replays', () => {
    const lab = readBuiltin('bug-04-broken')
    const run = scheduleRunner(compile(lab), sandbox(), {})
    const first = [...Array(200).keys()]
      .map((seed) => run(makeStrategy('random', { seed, preemptions: 2, choices: [] }), false))
      .find((o) => o.findings.length > 0)!
    const { signature } = first.findings[0]!
    const short = shrink(run, first.choices, signature)!
    expect(short.findings.map((f) => f.signature)).toContain(signature)
    const turns = (list: { index: number }[]): number => list.filter((c) => c.index !== 0).length
    expect(turns(short.choices)).toBeLessThan(turns(first.choices))
    const again = runLab(lab, { strategy: 'replay', choices: short.choices })
    expect(again.findings.map((f) => f.signature)).toContain(signature)
  })
})

describe('a session', () => {
  const open = (): Session =>
    new Session(compile(readBuiltin('bug-01-broken')), sandbox(), { seed: 0 })

  it('steps forward, back and to any step, with the stacks of that step', () => {
    const session = open()
    const seen: string[] = []
    const look = (): string =>
      JSON.stringify(session.contexts().map((c) => [c.name, c.state, c.stack.map((f) => f.line)]))
    for (let i = 0; i < 60; i++) {
      seen.push(look())
      session.step('event')
    }
    for (const step of [0, 59, 17, 18, 17, 40]) {
      session.seek({ step })
      expect(look()).toBe(seen[step])
    }
    session.step('back')
    expect(look()).toBe(seen[39])
  })

  it('goes on from the past to the same end', () => {
    const a = open()
    a.advance(() => false)
    const b = open()
    for (let i = 0; i < 30; i++) b.step('event')
    b.seek({ step: 3 })
    b.contexts()
    b.advance(() => false)
    expect(b.status().traceHash).toBe(a.status().traceHash)
  })

  it('finds the moment the object was freed from the finding', () => {
    const session = open()
    session.advance(() => false)
    const finding = session.machine.findings[0]!
    const freed = finding.stacks.find((s) => s.role === 'freed')!
    session.seek({ step: freed.step })
    expect(session.status().cursorStep).toBe(freed.step)
    const state = session.trace.stateAt(session.status().cursorEvent)
    const { id } = finding.objects[0]!
    expect(state.objects.find((o) => o.id === id)?.status ?? 'freed').toBe('freed')
    session.seek({ step: freed.step - 1 })
    const before = session.trace.stateAt(session.status().cursorEvent)
    expect(before.objects.find((o) => o.id === id)!.status).toBe('alive')
  })

  it('stops at a breakpoint', () => {
    const session = open()
    const text = readBuiltin('bug-01-broken').files['driver.ts']!
    const line = text.split('\n').findLastIndex((l) => l.includes('kfree(priv)')) + 1
    session.breakpoints = [{ file: 'driver.ts', line }]
    session.advance(() => false)
    expect(session.stopped).toBe('breakpoint')
    expect(session.contexts().some((c) => c.stack[0]?.line === line)).toBe(true)
  })
})

describe('a bundle', () => {
  it('reads back what was packed', () => {
    const lab = readBuiltin('bug-25-fixed')
    const marks = { bookmarks: [1200, 5_000_000], markerA: 1200, markerB: null, step: 17 }
    const bundle = {
      lab, options: { seed: 3 }, klab: '0.1.0', traceHash: 'abc', notes: 'look', marks,
      trace: new Uint8Array([1, 2, 3]), report: null,
    }
    const read = readBundle(packBundle(bundle))
    expect(read).toMatchObject({ lab, traceHash: 'abc', notes: 'look', marks })
  })

  it('has no marks when it was packed before there were any', () => {
    const entries = unzipSync(packBundle({
      lab: readBuiltin('bug-25-fixed'), options: {}, klab: '0.1.0', traceHash: 'abc', notes: '',
      marks: NO_MARKS, trace: new Uint8Array(), report: null,
    }))
    const { marks: _, ...old } = JSON.parse(strFromU8(entries['manifest.json']!))
    entries['manifest.json'] = strToU8(JSON.stringify(old))
    expect(readBundle(zipSync(entries)).marks).toEqual(NO_MARKS)
  })

  it('refuses what is no bundle with one sentence', () => {
    for (const bytes of [new Uint8Array(), new Uint8Array([0x50, 0x4b, 3, 4, 0]), new TextEncoder().encode('hello')])
      expect(() => readBundle(bytes)).toThrow(/^This is no klab bundle: /)
  })
})
