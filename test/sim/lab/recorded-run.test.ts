import { describe, expect, it } from 'vitest'
import { packBundle, readBundle } from '../../../src-sim/lab/bundle'
import { RecordedRun } from '../../../src-sim/lab/recorded-run'
import { Session } from '../../../src-sim/lab/session'
import { NO_MARKS } from '../../../src-sim/protocol'
import { decodeTrace, encodeTrace, Trace } from '../../../src-sim/trace'
import { compile, readBuiltin, sandbox } from './lab-kit'

function record(): { session: Session; bytes: Uint8Array; trace: Trace } {
  const session = new Session(compile(readBuiltin('bug-01-broken')), sandbox(), {})
  session.advance(() => false)
  const parts = [...encodeTrace(session.trace.store, session.traceHash)]
  const bytes = new Uint8Array(Buffer.concat(parts))
  return { session, bytes, trace: new Trace(decodeTrace(bytes).store) }
}

function throughBundle(session: Session, trace: Uint8Array): RecordedRun {
  const packed = packBundle({
    lab: session.program.lab,
    options: {},
    klab: '0.0.0',
    traceHash: session.traceHash,
    notes: '',
    marks: NO_MARKS,
    trace,
    report: { findings: session.findings, dmesg: session.dmesg(0, Infinity) },
  })
  const bundle = readBundle(packed)
  const { store, traceHash } = decodeTrace(bundle.trace)
  return new RecordedRun(bundle.lab.id, new Trace(store), traceHash, bundle.report)
}

describe('a run out of a bundle', () => {
  const { session, bytes } = record()
  const run = throughBundle(session, bytes)

  it('tells the same findings and the same log as the run itself', () => {
    expect(run.findings).toEqual(session.findings)
    expect(run.findings.length).toBeGreaterThan(0)
    expect(run.dmesg(0, Infinity)).toEqual(session.dmesg(0, Infinity))
    expect(run.status()).toMatchObject({
      state: 'ended',
      lab: 'bug-01-broken',
      findings: session.findings.length,
      traceHash: session.traceHash,
    })
  })

  it('moves its cursor where the run itself would', () => {
    for (const place of [{ step: 5 }, { timeNs: 40_000_000 }, { event: 17 }, { step: 1e9 }]) {
      session.seek(place)
      run.seek(place)
      const { cursorEvent } = run.status()
      expect(cursorEvent).toBe(session.status().cursorEvent)
      expect(run.trace.stateAt(cursorEvent)).toEqual(session.trace.stateAt(cursorEvent))
    }
  })

  it('steps on, back, along a context and to its findings', () => {
    run.seek({ step: 20 })
    run.step('event')
    expect(run.status().cursorStep).toBe(21)
    run.step('back')
    run.step('back')
    expect(run.status().cursorStep).toBe(19)
    const context = run.trace.event(run.status().cursorEvent).context
    run.step('context')
    const here = run.status()
    expect(here.cursorStep).toBeGreaterThan(19)
    const events = run.trace.select({ context }, 0)
    expect([...events].map((i) => run.trace.event(i).step)).toContain(here.cursorStep)
    run.seek({ step: 0 })
    run.step('finding')
    expect(run.status().cursorStep).toBe(session.findings[0]!.step)
    run.step('previous-finding')
    expect(run.status().cursorStep).toBe(session.findings[0]!.step)
  })
})

describe('a trace without its bundle', () => {
  it('has the log lines and the kinds of the findings that its events name', () => {
    const { session, trace } = record()
    const run = new RecordedRun('trace', trace, session.traceHash, null)
    const text = session.dmesg(0, Infinity).map((line) => line.text)
    expect(run.dmesg(0, Infinity).map((line) => line.text)).toEqual(text)
    expect(run.findings.map((f) => f.kind)).toEqual(session.findings.map((f) => f.kind))
    expect(run.findings[0]!.step).toBe(session.findings[0]!.step)
  })
})

describe('a report in a bundle', () => {
  it('that has another shape is refused with one sentence', () => {
    const { session, bytes } = record()
    const packed = packBundle({
      lab: session.program.lab,
      options: {},
      klab: '0.0.0',
      traceHash: '',
      notes: '',
      trace: bytes,
      marks: NO_MARKS,
      report: { findings: [{ kind: 7 }], dmesg: [] } as never,
    })
    expect(() => readBundle(packed)).toThrow(/^This bundle is damaged: .* in its report\.json\.$/)
  })
})
