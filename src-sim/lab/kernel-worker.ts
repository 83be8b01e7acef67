import { createBirpc, type BirpcReturn } from 'birpc'
import { strToU8 } from 'fflate'
import * as v from 'valibot'
import {
  CompareOptions,
  ExploreOptions,
  LabSource,
  PROTOCOL_VERSION,
  RunOptions,
  TraceMarks,
  type CompareProgress,
  type CompareResult,
  type Connection,
  type ExploreProgress,
  type ExportFormat,
  type KernelApi,
  type KernelEvents,
  type Problem,
  type SessionStatus,
} from '../protocol'
import { apiValues } from '../linux'
import { createSandbox, hardenApi, prepareRealm, type Sandbox } from '../sandbox'
import { decodeTrace, encodeTrace, exporters, Trace } from '../trace'
import { watchLoops } from './black-box'
import { packBundle, readBundle } from './bundle'
import { progressOf } from '../explorer/explore'
import { compareInWorkers } from './compare/in-workers'
import { failCall } from './fail-call'
import { exploreHere, exploreInWorkers } from './explore'
import { paramProblems } from './params'
import { compileProgram, type LabProgram } from './program'
import { RecordedRun } from './recorded-run'
import { resultOf } from './run'
import { Session } from './session'
import type { Shown } from './shown'
import { traceQueries } from './trace-queries'

/** What the place gives that the kernel worker runs in. */
export interface KernelHost {
  version: string
  /** Another kernel worker, for exploring in parallel. */
  spawn(): Connection
  cores: number
  /** Milliseconds, for time slices and progress only. */
  now(): number
  /** Lets the event loop turn, so that messages arrive. */
  pause(): Promise<void>
  heapUsed?(): number
  /** Shared with the host, for post-mortems: see black-box.ts. */
  blackBox?: Int32Array
}

const SLICE_MS = 12

/** Answers the protocol on a connection until it closes. */
export function serveKernel(connection: Connection, host: KernelHost): void {
  prepareRealm()
  hardenApi(apiValues())
  const worker = new KernelWorker(host)
  worker.rpc = createBirpc<KernelEvents, KernelApi>(worker.api(), {
    post: (message) => connection.post(message),
    on: (listener) => void connection.onMessage(listener),
    timeout: -1,
  })
  connection.onClose(() => worker.stop())
}

class KernelWorker {
  rpc: BirpcReturn<KernelEvents, KernelApi> | null = null
  #host: KernelHost
  #sandbox: Sandbox = createSandbox()
  #shown: Shown | null = null
  #interrupted = false
  #running: Promise<void> | null = null
  #lastStatusMs = 0
  #programs = new Map<string, LabProgram>()
  #cancelExplore: (() => void) | null = null
  #cancelCompare: (() => void) | null = null

  constructor(host: KernelHost) {
    this.#host = host
  }

  stop(): void {
    this.#interrupted = true
    this.#cancelExplore?.()
    this.#cancelCompare?.()
  }

  api(): KernelApi {
    return {
      hello: () => ({ protocol: PROTOCOL_VERSION, version: this.#host.version }),
      open: (lab, options) => this.#open(v.parse(LabSource, lab), v.parse(RunOptions, options)),
      check: (lab) => Promise.resolve(this.#check(v.parse(LabSource, lab))),
      run: (untilNs) => this.#run(untilNs),
      pause: () => this.#pause(),
      step: (kind) => this.#moved((s) => s.step(kind)),
      seek: (to) => this.#moved((s) => s.seek(to)),
      stop: () => this.#stopSession(),
      breakpoints: async (list) => void (this.#need().breakpoints = list),
      result: async () => resultOf(this.#need().live, this.#need().options),
      dmesg: async (from, count) => this.#shown?.dmesg(from, count) ?? [],
      findings: async () => this.#shown?.findings ?? [],
      contexts: async () => this.#shown?.contexts() ?? [],
      ...traceQueries(() => this.#trace(), () => this.#shown?.trace ?? null),
      exportTrace: (format) => Promise.resolve(this.#export(format)),
      bundle: async (notes, marks) => this.#bundle(notes ?? '', v.parse(TraceMarks, marks ?? {})),
      readBundle: async (bytes) => {
        const { lab, options, notes, marks, traceHash } = readBundle(bytes)
        return { lab, options, notes, marks, traceHash }
      },
      openTrace: (bytes) => this.#openTrace(bytes),
      failCall: async (lab, options) =>
        failCall(
          this.#program(v.parse(LabSource, lab)),
          this.#sandbox,
          v.parse(RunOptions, options),
          this.#host.blackBox,
        ),
      compare: (labs, options) =>
        this.#compare(v.parse(v.array(LabSource), labs), v.parse(CompareOptions, options)),
      cancelCompare: async () => this.#cancelCompare?.(),
      explore: (lab, options) =>
        this.#explore(v.parse(LabSource, lab), v.parse(ExploreOptions, options)),
      cancelExplore: async () => this.#cancelExplore?.(),
      exploreShard: (lab, options) =>
        this.#exploreShard(v.parse(LabSource, lab), v.parse(ExploreOptions, options)),
    }
  }

  get #session(): Session | null {
    return this.#shown instanceof Session ? this.#shown : null
  }

  #need(): Session {
    if (this.#session) return this.#session
    if (this.#shown) throw new Error('This is a recorded run. Open its lab to execute it.')
    throw new Error('No lab is open. Open one first.')
  }

  /** Compiling is the slow part of opening: the same sources are compiled once. */
  #compile(lab: LabSource): LabProgram | { problems: Problem[] } {
    const key = JSON.stringify(lab)
    const known = this.#programs.get(key)
    if (known) return known
    const program = compileProgram(lab)
    if (!('problems' in program)) {
      if (this.#programs.size > 8) this.#programs.clear()
      this.#programs.set(key, program)
    }
    return program
  }

  /** For runs beside the session, which nobody starts from sources that do not compile. */
  #program(lab: LabSource): LabProgram {
    const program = this.#compile(lab)
    if ('problems' in program) throw new Error(problemText(program.problems))
    return program
  }

  async #open(
    lab: LabSource,
    options: RunOptions,
  ): Promise<{ problems: Problem[]; status: SessionStatus }> {
    await this.#halt()
    const program = this.#compile(lab)
    const problems = 'problems' in program ? program.problems : paramProblems(program.plan, options)
    if ('problems' in program || problems.length > 0) return { problems, status: this.#status() }
    this.#shown = new Session(program, this.#sandbox, options)
    return { problems: [], status: this.#tell() }
  }

  #check(lab: LabSource): Problem[] {
    const program = this.#compile(lab)
    return 'problems' in program ? program.problems : []
  }

  async #run(untilNs?: number): Promise<SessionStatus> {
    const session = this.#need()
    if (!session.running && session.machine.stop === null) {
      session.running = true
      session.stopped = null
      this.#interrupted = false
      this.#running = this.#loop(session, untilNs ?? Infinity)
      await this.#running
    } else session.seek({ step: session.machine.steps })
    return this.#tell()
  }

  async #loop(session: Session, untilNs: number): Promise<void> {
    watchLoops(session.machine, this.#host.blackBox)
    for (;;) {
      const end = this.#host.now() + SLICE_MS
      const goOn = session.advance(() => this.#sliceOver(session, end), untilNs)
      if (!goOn || this.#interrupted) break
      this.#tellNowAndThen()
      await this.#host.pause()
      if (this.#interrupted) break
    }
    session.running = false
    if (this.#interrupted && session.stopped === null) session.stopped = 'paused'
  }

  #sliceOver(session: Session, end: number): boolean {
    const { runtime } = session.machine
    runtime.looping?.(runtime.p)
    return this.#host.now() >= end
  }

  async #pause(): Promise<SessionStatus> {
    await this.#halt()
    return this.#tell()
  }

  async #halt(): Promise<void> {
    this.#interrupted = true
    await this.#running
    this.#running = null
  }

  async #stopSession(): Promise<SessionStatus> {
    await this.#halt()
    const session = this.#session
    if (session) this.#shown = new Session(session.program, this.#sandbox, session.options)
    return this.#tell()
  }

  async #moved(move: (shown: Shown) => void): Promise<SessionStatus> {
    if (this.#session?.running) await this.#halt()
    move(this.#shown ?? this.#need())
    return this.#tell()
  }

  #status(): SessionStatus {
    return this.#shown?.status() ?? EMPTY
  }

  #tell(): SessionStatus {
    const status = this.#status()
    this.#lastStatusMs = this.#host.now()
    void this.rpc?.status.asEvent(status)
    return status
  }

  #tellNowAndThen(): void {
    if (this.#host.now() - this.#lastStatusMs > 30) this.#tell()
  }

  #trace(): Trace {
    if (!this.#shown) throw new Error('There is no trace yet. Run the lab first.')
    return this.#shown.trace
  }

  #export(format: ExportFormat): { name: string; mime: string; bytes: Uint8Array } {
    const id = this.#shown?.name ?? 'trace'
    if ((format as string) === 'klab')
      return { name: `${id}.trace`, mime: 'application/octet-stream', bytes: join(encodeTrace(this.#trace().store, this.#status().traceHash)) }
    const exporter = (exporters as Record<string, (typeof exporters)[keyof typeof exporters]>)[format]
    if (!exporter)
      throw new Error(`There is no export format ${format}. Use one of: ${Object.keys(exporters).join(', ')}.`)
    const bytes = join(exporter.export(this.#trace()))
    return { name: `${id}${exporter.extension.startsWith('.') ? '' : '.'}${exporter.extension}`, mime: exporter.mime, bytes }
  }

  #bundle(notes: string, marks: TraceMarks): { name: string; bytes: Uint8Array } {
    const session = this.#need()
    const { program, machine, options, traceHash, findings } = session
    const bytes = packBundle({
      lab: program.lab,
      options: bundleOptions(options, session),
      klab: this.#host.version,
      traceHash,
      notes,
      marks,
      trace: join(encodeTrace(session.trace.store, traceHash)),
      report: { findings, dmesg: session.dmesg(0, Infinity) },
    })
    return { name: `${program.lab.id}-${machine.seed}.klab`, bytes }
  }

  async #openTrace(bytes: Uint8Array): Promise<SessionStatus> {
    const zip = bytes[0] === 0x50 && bytes[1] === 0x4b
    const bundle = zip ? readBundle(bytes) : null
    const { store, traceHash } = decodeTrace(bundle ? bundle.trace : bytes)
    const name = bundle?.lab.id ?? 'trace'
    await this.#halt()
    this.#shown = new RecordedRun(name, new Trace(store), traceHash, bundle?.report ?? null)
    return this.#tell()
  }

  async #explore(lab: LabSource, options: ExploreOptions) {
    let cancelled = false
    this.#cancelExplore = () => (cancelled = true)
    const program = this.#program(lab)
    const progress = (p: ExploreProgress): void => void this.rpc?.exploreProgress.asEvent(p)
    return exploreInWorkers(program, this.#sandbox, options, this.#host, progress, () => cancelled)
  }

  async #compare(labs: LabSource[], options: CompareOptions): Promise<CompareResult> {
    const programs = labs.map((lab) => this.#program(lab))
    const tell = (p: CompareProgress): void => void this.rpc?.compareProgress.asEvent(p)
    const under = compareInWorkers(programs, this.#sandbox, options, this.#host, tell)
    this.#cancelCompare = under.cancel
    return under.result
  }

  async #exploreShard(lab: LabSource, options: ExploreOptions): Promise<unknown> {
    const program = this.#program(lab)
    const started = this.#host.now()
    return exploreHere(program, this.#sandbox, options, this.#host, {
      progress: (schedules, findings, distinct) => {
        const elapsed = this.#host.now() - started
        const share = progressOf(schedules, schedules, distinct, findings, elapsed, undefined)
        void this.rpc?.exploreProgress.asEvent(share)
      },
    })
  }
}

/** A chosen schedule replays by its choices; a timed one is the same again by itself. */
function bundleOptions(options: RunOptions, session: Session): RunOptions {
  if (session.machine.timed) return options
  return { ...options, strategy: 'replay', choices: session.machine.choices }
}

const EMPTY: SessionStatus = {
  state: 'empty',
  lab: '',
  steps: 0,
  timeNs: 0,
  events: 0,
  cursorStep: 0,
  cursorTimeNs: 0,
  cursorEvent: 0,
  findings: 0,
  dmesgLines: 0,
  seed: 0,
  strategy: 'fair',
  traceHash: '',
  stop: null,
  stopText: '',
}

const problemText = (problems: Problem[]): string =>
  problems.map((p) => `${p.file}:${p.line}:${p.column}: ${p.message}`).join('\n')

function join(parts: Iterable<Uint8Array | string>): Uint8Array {
  const chunks = [...parts].map((p) => (typeof p === 'string' ? strToU8(p) : p))
  const out = new Uint8Array(chunks.reduce((n, c) => n + c.length, 0))
  let at = 0
  for (const chunk of chunks) {
    out.set(chunk, at)
    at += chunk.length
  }
  return out
}
