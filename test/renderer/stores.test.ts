import { createPinia, setActivePinia } from 'pinia'
import { nextTick } from 'vue'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { setHost } from '../../src-renderer/workbench/place'
import { exportBundle } from '../../src-renderer/workbench/actions/exports'
import {
  openOpened,
  openBuiltin,
  save,
  trustBundle,
} from '../../src-renderer/workbench/actions/lab-files'
import {
  useContexts,
  useCursor,
  useExplore,
  useFailures,
  useFindings,
  useKernel,
  useLab,
  useMarks,
  useSession,
  useToasts,
  useUi,
} from '../../src-renderer/workbench/stores'
import { fakeHost, fakeLab, type FakeHost } from './fake-host'
import type { FakeOptions } from './fake-kernel'

async function start(options: FakeOptions = {}): Promise<FakeHost> {
  const host = fakeHost(options)
  setHost(host)
  await useKernel().attach(() => host.kernel())
  return host
}

async function startLab(options: FakeOptions = {}): Promise<FakeHost> {
  const host = await start(options)
  await openBuiltin('bug-01-broken')
  return host
}

beforeEach(() => setActivePinia(createPinia()))

describe('the link to the kernel', () => {
  it('is ready after the greeting and knows the version', async () => {
    await start()
    expect(useKernel().link).toBe('ready')
    expect(useKernel().version).toBe('0.1.0-fake')
  })

  it('tells in one sentence that a kernel speaks another protocol', async () => {
    const host = fakeHost({ protocol: 99 })
    await useKernel().attach(() => host.kernel())
    expect(useKernel().link).toBe('refused')
    expect(useKernel().lostReason).toMatch(/protocol 1.*99/)
  })

  it('rejects calls of a kernel that died, and works again after a restart', async () => {
    const host = await startLab()
    const kernel = useKernel()
    const before = kernel.epoch
    host.kernels[0]!.crash()
    expect(kernel.link).toBe('lost')
    await expect(kernel.api.run()).rejects.toThrow()
    await kernel.reconnect()
    expect(kernel.link).toBe('ready')
    expect(kernel.status.state).toBe('empty')
    expect(kernel.epoch).toBeGreaterThan(before)
    await useSession().run()
    expect(kernel.status.state).toBe('ended')
  })

  it('does not listen to the end of a kernel that was replaced', async () => {
    const host = await start()
    await useKernel().reconnect()
    host.kernels[0]!.crash()
    expect(useKernel().link).toBe('ready')
  })
})

describe('the cursor', () => {
  it('sends only the last of many quick seeks', async () => {
    const host = await startLab()
    await useSession().run()
    const calls = host.kernels[0]!.calls
    calls.length = 0
    const cursor = useCursor()
    await Promise.all([cursor.seekStep(10), cursor.seekStep(20), cursor.seekStep(30)])
    expect(cursor.step).toBe(30)
    expect(calls.filter((name) => name === 'seek')).toHaveLength(2)
    expect(cursor.inPast).toBe(true)
  })

  it('stays inside what was executed', async () => {
    await startLab()
    await useSession().run()
    await useCursor().seekStep(1e9)
    expect(useCursor().step).toBe(400)
    await useCursor().seekStep(-5)
    expect(useCursor().step).toBe(0)
  })

  it('shows the line that runs after a step', async () => {
    await startLab()
    const contexts = useContexts()
    await useSession().step('event')
    await vi.waitFor(() => expect(useCursor().reveal?.line).toBe(contexts.place?.line))
    expect(contexts.place?.file).toBe('driver.ts')
  })

  it('reports a failed seek instead of throwing', async () => {
    await startLab({ failing: { seek: 'no such step' } })
    await useCursor().seekStep(0)
    expect(useToasts().list.at(-1)?.text).toContain('no such step')
  })
})

describe('findings', () => {
  it('are read when the run met some, and selecting one moves everything there', async () => {
    await startLab({ findings: 2 })
    const findings = useFindings()
    await useSession().run()
    await vi.waitFor(() => expect(findings.list).toHaveLength(2))
    await findings.go(0)
    const cursor = useCursor()
    expect(cursor.step).toBe(findings.list[0]!.step)
    expect(cursor.objectId).toBe(42)
    expect(cursor.reveal).toMatchObject({ file: 'driver.ts', line: 12 })
  })

  it('of the last run are gone when a new one starts', async () => {
    await startLab()
    const findings = useFindings()
    await useSession().run()
    await vi.waitFor(() => expect(findings.list).toHaveLength(1))
    await useSession().boot()
    await nextTick()
    expect(findings.list).toEqual([])
    expect(useCursor().findingIndex).toBeNull()
  })
})

describe('a session', () => {
  it('goes on when it can, and starts again when it is over', async () => {
    const host = await startLab()
    const session = useSession()
    const opens = (): number => host.kernels[0]!.calls.filter((name) => name === 'open').length
    await session.run()
    expect(opens()).toBe(1)
    await session.run()
    expect(opens()).toBe(2)
  })

  it('starts again when the sources changed, and not when the change was taken back', async () => {
    const host = await startLab()
    const session = useSession()
    await session.step('event')
    const text = useLab().files.get('driver.ts')!.text
    useLab().edit('driver.ts', `${text}// more\n`)
    expect(session.stale).toBe(true)
    useLab().edit('driver.ts', text)
    expect(session.stale).toBe(false)
    useLab().edit('driver.ts', `${text}// more\n`)
    await session.run()
    expect(host.kernels[0]!.calls.filter((name) => name === 'open')).toHaveLength(2)
    expect(session.stale).toBe(false)
  })

  it('does not run what does not compile, and says where', async () => {
    const host = await startLab()
    useLab().edit('driver.ts', 'await x')
    await useSession().run()
    expect(host.kernels[0]!.calls).not.toContain('run')
    expect(useLab().problems).toHaveLength(1)
    expect(useToasts().list[0]?.text).toMatch(/^driver\.ts:1: /)
  })

  it('passes seed, strategy and recorded choices', async () => {
    await startLab()
    const session = useSession()
    const choices = [{ index: 1, of: 2, key: 'x' }]
    await session.replay(choices, 77)
    expect(session.options()).toMatchObject({ seed: 77, strategy: 'replay', choices })
    session.strategy = 'fair'
    await nextTick()
    expect(session.options()).toEqual({ seed: 77, strategy: 'fair' })
  })

  it('keeps breakpoints in order and gives them to the kernel', async () => {
    const host = await startLab()
    const session = useSession()
    await session.toggleBreakpoint('driver.ts', 9)
    await session.toggleBreakpoint('driver.ts', 3)
    await session.toggleBreakpoint('driver.ts', 9)
    await session.toggleBreakpoint('a.ts', 5)
    expect(session.breakpoints).toEqual([
      { file: 'a.ts', line: 5 },
      { file: 'driver.ts', line: 3 },
    ])
    expect(host.kernels[0]!.calls).toContain('breakpoints')
  })
})

describe('exploring', () => {
  it('reports progress and a result, whose schedule can be replayed', async () => {
    await startLab()
    const explore = useExplore()
    await explore.start()
    expect(explore.state).toBe('done')
    expect(useKernel().progress?.schedules).toBe(1000)
    await explore.replay(explore.result!.findings[0]!)
    expect(useKernel().status).toMatchObject({ strategy: 'replay', seed: 99, state: 'ended' })
  })

  it('can be stopped', async () => {
    await startLab()
    const explore = useExplore()
    const done = explore.start()
    await vi.waitFor(() => expect(useKernel().progress).not.toBeNull())
    await explore.cancel()
    await done
    expect(explore.cancelled).toBe(true)
    expect(explore.result?.complete).toBe(false)
  })

  it('shows what stopped it', async () => {
    await startLab({ failing: { explore: 'out of memory' } })
    await useExplore().start()
    expect(useExplore().state).toBe('failed')
    expect(useExplore().error).toContain('out of memory')
  })
})

describe('making one call after the other fail', () => {
  it('goes on until a run has no more calls, and opens any of the runs', async () => {
    await startLab()
    const failures = useFailures()
    await failures.start()
    expect(failures.state).toBe('done')
    expect(failures.walk.complete).toBe(true)
    expect(failures.walk.failures.map((one) => [one.nth, one.line])).toEqual([
      [1, 21],
      [2, 22],
    ])
    expect(failures.bad).toBe(1)
    await failures.open(failures.walk.failures[1]!)
    expect(useSession().options().fail).toBe(2)
    expect(useKernel().status.state).toBe('ended')
    expect(useCursor().findingIndex).toBe(0)
  })

  it('runs nothing of a bundle that nobody trusts', async () => {
    const host = await start()
    await openOpened({ kind: 'bundle', name: 'sent.klab', bytes: new Uint8Array([1]) })
    await useFailures().start()
    expect(useFailures().state).toBe('idle')
    expect(host.kernels[0]!.calls).not.toContain('failCall')
  })

  it('forgets the runs that come in after it was stopped', async () => {
    await startLab()
    const failures = useFailures()
    const walk = failures.start()
    failures.stop()
    await walk
    expect(failures.state).toBe('stopped')
    expect(failures.walk.failures).toEqual([])
  })
})

describe('marks', () => {
  it('travel with a bundle, and survive the replay of the same trace', async () => {
    await startLab()
    await useSession().run()
    const marks = useMarks()
    marks.toggleBookmark(9000)
    marks.toggleBookmark(2000)
    marks.markerA = 5000
    await useCursor().seekStep(3)
    await exportBundle()
    const opened = { kind: 'bundle', name: 'x.klab', bytes: new Uint8Array([1]) } as const
    await openOpened(opened)
    expect(marks.all()).toEqual({ bookmarks: [2000, 9000], markerA: 5000, markerB: null, step: 3 })
    await trustBundle()
    expect(useKernel().status.traceHash).toBe('9f1c2ab47de05533')
    expect(marks.bookmarks).toEqual([2000, 9000])
  })

  it('belong to one run', async () => {
    await startLab()
    useMarks().toggleBookmark(9000)
    await useSession().restart(5)
    expect(useMarks().bookmarks).toEqual([])
  })
})

describe('opening and saving', () => {
  it('asks before unsaved edits are left, and stays when told so', async () => {
    const host = await startLab()
    useLab().edit('driver.ts', 'changed')
    host.answer = false
    await openBuiltin('bug-02-broken')
    expect(useLab().id).toBe('bug-01-broken')
    expect(useLab().files.get('driver.ts')?.text).toBe('changed')
  })

  it('saves a built-in lab as a copy, and afterwards in place', async () => {
    const host = await startLab()
    useLab().edit('driver.ts', 'changed')
    await save(false)
    expect(useLab().origin).toBe('folder')
    expect(useLab().isDirty).toBe(false)
    expect(host.saved[0]?.files['driver.ts']).toBe('changed')
    expect(useLab().location).toBe('/labs/mine')
  })

  it('shows a trace without touching the lab in the editor, which F5 still runs', async () => {
    const host = await startLab()
    useLab().edit('driver.ts', 'changed')
    const bytes = new TextEncoder().encode('KTRC and so on')
    await openOpened({ kind: 'bundle', name: 'run.trace', bytes })
    expect(useLab().files.get('driver.ts')?.text).toBe('changed')
    expect(useKernel().status.traceHash).toBe('9f1c2ab47de05533')
    const { calls } = host.kernels[0]!
    expect(calls).not.toContain('readBundle')
    await useSession().run()
    expect(calls.slice(calls.indexOf('openTrace'))).toContain('open')
  })

  it('runs nothing of a bundle before it is trusted', async () => {
    const host = await start()
    await openOpened({ kind: 'bundle', name: 'sent.klab', bytes: new Uint8Array([1]) })
    await useSession().run()
    await useExplore().start()
    const calls = host.kernels[0]!.calls
    expect(calls).not.toContain('open')
    expect(calls).not.toContain('explore')
    expect(useUi().bundle).toMatchObject({ seed: 7, notes: 'Seen on Tuesday.' })
    await trustBundle()
    expect(calls).toContain('open')
    expect(useToasts().list.at(-1)?.text).toContain('identical')
  })
})

describe('a lab', () => {
  const open = (): ReturnType<typeof useLab> => {
    const lab = useLab()
    lab.open(fakeLab('x-broken'), { origin: 'builtin' })
    return lab
  }

  it('opens on the driver and knows its twin', () => {
    const lab = open()
    expect(lab.active).toBe('driver.ts')
    expect(lab.twin).toBe('x-fixed')
  })

  it('survives the journal with edits, new, renamed and removed files', () => {
    const lab = open()
    lab.edit('driver.ts', 'typed')
    lab.create('hw/dev.ts', 'device')
    lab.rename('user.ts', 'people.ts')
    lab.remove('scenario.ts')
    const entry = structuredClone(lab.journal())
    const source = lab.source()
    setActivePinia(createPinia())
    const other = useLab()
    other.restore(entry)
    expect(other.source()).toEqual(source)
    expect(other.dirty).toEqual(lab.dirty)
    expect(other.removed).toEqual(['user.ts', 'scenario.ts'])
    expect(other.tabs).toEqual(lab.tabs)
    expect(other.active).toBe(lab.active)
  })

  it('keeps what was typed while it was being saved', () => {
    const lab = open()
    lab.edit('driver.ts', 'one')
    const written = lab.source()
    lab.edit('driver.ts', 'two')
    lab.markSaved(written, { location: '/x' })
    expect(lab.dirty).toEqual(['driver.ts'])
    expect(lab.files.get('driver.ts')).toMatchObject({ saved: 'one', text: 'two' })
  })

  it('refuses names that leave the lab or are taken', () => {
    const lab = open()
    expect(() => lab.create('../evil.ts')).toThrow(/inside/)
    expect(() => lab.create('driver.ts')).toThrow(/already/)
    expect(() => lab.create('  ')).toThrow(/name/)
    lab.create('a\\b.ts')
    expect(lab.files.has('a/b.ts')).toBe(true)
  })

  it('lives with a half-typed manifest', () => {
    const lab = open()
    lab.edit('lab.json', '{ "title": ')
    expect(lab.manifest).toBeNull()
    expect(lab.title).toBe('x-broken')
  })
})
