import { createBirpc } from 'birpc'
import type { CompareCell, CompareResult, ContextView, DmesgLine, Finding, Frame } from '../../src-sim/protocol'
import { loopback, type Connection } from '../../src-sim/protocol/connection'
import type { KernelApi, KernelEvents, SessionStatus } from '../../src-sim/protocol/api'
import { NO_MARKS, type TraceMarks } from '../../src-sim/protocol/marks'
import type { ExploreResult } from '../../src-sim/protocol/run'

/** A kernel without a machine: answers with a fixed story, for tests and pictures of the panels. */
export interface FakeKernel {
  connection: Connection
  calls: string[]
  /** As if the worker had died. */
  crash(): void
  status(): SessionStatus
}

export interface FakeOptions {
  steps?: number
  logLines?: number
  findings?: number
  protocol?: number
  /** Fail the named call with this text. */
  failing?: Partial<Record<keyof KernelApi, string>>
}

const STEP_NS = 1700
const CHOICE = { index: 1, of: 2, key: 'a' }

function frame(name: string, line: number): Frame {
  return { function: name, file: 'driver.ts', line, column: 3, module: 'demo' }
}

function kernelFrame(name: string): Frame {
  return { function: name, file: null, line: 0, column: 0, module: null }
}

export function fakeFinding(step: number, kind = 'kasan.use-after-free'): Finding {
  const stack = (
    role: string,
    at: number,
    frames: Frame[],
    context: string,
  ): Finding['stacks'][0] => ({
    role,
    context,
    pid: 12,
    cpu: at % 2,
    timeNs: at * STEP_NS,
    step: at,
    frames,
  })
  return {
    kind,
    title: 'BUG: KASAN: slab-use-after-free in demo_work+0x0 [demo]',
    report: [
      '==================================================================',
      'BUG: KASAN: slab-use-after-free in demo_work+0x0 [demo]',
      'Write of size 8 at addr ffff888003a41c40 by task kworker/0:1/12',
      '',
      'Freed by task 31:',
      ' kfree',
      ' demo_remove [demo]',
      '==================================================================',
    ],
    signature: `${kind}:driver.ts:12`,
    file: 'driver.ts',
    line: 12,
    column: 3,
    step,
    timeNs: step * STEP_NS,
    stacks: [
      stack('use', step, [frame('demo_work', 12), kernelFrame('process_one_work')], 'kworker/0:1'),
      stack('allocated', 20, [kernelFrame('kzalloc'), frame('demo_probe', 22)], 'insmod'),
      stack('freed', step - 9, [kernelFrame('kfree'), frame('demo_remove', 33)], 'rmmod'),
    ],
    objects: [{ id: 42, type: 'demo', name: 'demo' }],
    rules: ['WQ-03', 'DM-12'],
    help: 'workqueue',
  }
}

export function fakeLine(index: number, steps: number, count: number): DmesgLine {
  const step = Math.floor((index / Math.max(1, count)) * steps)
  const texts = [
    'demo 0000:00:04.0: enabling device (0000 -> 0002)',
    'demo 0000:00:04.0: irq 34 requested',
    'demo: work queued',
  ]
  const bad = index === count - 1
  return {
    level: bad ? 3 : index % 5 === 3 ? 4 : 6,
    timeNs: step * STEP_NS,
    text: bad ? 'BUG: KASAN: slab-use-after-free in demo_work+0x0 [demo]' : `${texts[index % 3]}`,
    cpu: index % 2,
    context: 'insmod',
    step,
    event: step * 3,
    file: index % 3 === 0 ? 'driver.ts' : null,
    line: 20 + (index % 10),
    finding: bad ? 0 : null,
  }
}

export function fakeKernel(options: FakeOptions = {}): FakeKernel {
  const total = options.steps ?? 400
  const logLines = options.logLines ?? 60
  const [near, far] = loopback()
  const calls: string[] = []
  const findings = Array.from({ length: options.findings ?? 1 }, (_, i) =>
    fakeFinding(total - 10 - i * 7, i === 0 ? undefined : `odebug.free-active-${i}`),
  )
  let now: SessionStatus = {
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
  let exploring = false
  let comparing = false
  let packed: TraceMarks = NO_MARKS

  function at(steps: number, cursor: number, more: Partial<SessionStatus> = {}): SessionStatus {
    now = {
      ...now,
      steps,
      timeNs: steps * STEP_NS,
      events: steps * 3,
      cursorStep: cursor,
      cursorTimeNs: cursor * STEP_NS,
      cursorEvent: cursor * 3,
      findings: findings.filter((one) => one.step <= steps).length,
      dmesgLines: Math.floor((steps / total) * logLines),
      ...more,
    }
    return now
  }

  function move(to: number): SessionStatus {
    const cursor = Math.max(0, Math.min(total, to))
    const ended = cursor >= total
    return at(Math.max(now.steps, cursor), cursor, {
      state: ended ? 'ended' : 'paused',
      stop: ended ? 'finished' : 'paused',
      stopText: ended ? 'The scenario ended and everything came to rest.' : 'Paused.',
      traceHash: ended ? '9f1c2ab47de05533' : '',
    })
  }

  const contexts = (): ContextView[] => [
    {
      id: 3,
      cpu: 0,
      kind: 'task',
      name: 'kworker/0:1',
      pid: 12,
      state: 'running',
      waitsFor: null,
      running: true,
      stack: [frame('demo_work', 10 + (now.cursorStep % 8)), kernelFrame('process_one_work')],
      locks: [],
      preemptCount: 0,
      irqsOff: false,
    },
  ]

  const api: Partial<Record<keyof KernelApi, (...args: never[]) => unknown>> = {
    hello: () => ({ protocol: options.protocol ?? 1, version: '0.1.0-fake' }),
    open: (
      lab: { id: string; files: Record<string, string> },
      run: { seed?: number; strategy?: string },
    ) => {
      const broken = Object.entries(lab.files).find(([, text]) => text.includes('await'))
      const problems = broken
        ? [
            {
              file: broken[0],
              line: 1,
              column: 1,
              message: 'A driver cannot use await: kernel code is synchronous.',
            },
          ]
        : []
      if (problems.length > 0) return { problems, status: now }
      at(0, 0, {
        state: 'ready',
        lab: lab.id,
        stop: null,
        stopText: '',
        traceHash: '',
        seed: run.seed ?? 0,
        strategy: run.strategy ?? 'fair',
      })
      return { problems, status: now }
    },
    check: () => [],
    run: () => move(total),
    pause: () => move(now.cursorStep),
    stop: () => at(0, 0, { state: 'ready', stop: 'stopped', stopText: 'Stopped.', traceHash: '' }),
    step: (kind: string) => move(now.cursorStep + (kind === 'back' ? -1 : 1)),
    seek: (to: { step?: number; timeNs?: number; event?: number }) => {
      const step = to.step ?? (to.timeNs !== undefined ? to.timeNs / STEP_NS : (to.event ?? 0) / 3)
      return at(now.steps, Math.max(0, Math.min(now.steps, Math.floor(step))))
    },
    breakpoints: () => undefined,
    dmesg: (from: number, count: number) =>
      Array.from({ length: Math.max(0, Math.min(count, now.dmesgLines - from)) }, (_, i) =>
        fakeLine(from + i, total, logLines),
      ),
    findings: () => findings.filter((one) => one.step <= now.steps),
    contexts,
    exportTrace: (format: string) => ({
      name: `trace.${format}`,
      mime: 'text/plain',
      bytes: new Uint8Array([1]),
    }),
    bundle: (_notes: string, marks: TraceMarks) => {
      packed = marks
      return { name: 'demo.klab', bytes: new Uint8Array([1, 2, 3]) }
    },
    readBundle: () => ({
      lab: {
        id: 'sent',
        files: { 'driver.ts': '// from a bundle\n', 'lab.json': '{"title":"Sent"}' },
      },
      options: { seed: 7, strategy: 'random' },
      notes: 'Seen on Tuesday.',
      marks: packed,
      traceHash: '9f1c2ab47de05533',
    }),
    openTrace: () =>
      at(total, total, {
        state: 'ended',
        lab: 'sent',
        seed: 7,
        strategy: 'random',
        traceHash: '9f1c2ab47de05533',
      }),
    explore: async (lab: { id: string }, wanted: { schedules?: number; seed?: number }) => {
      exploring = true
      const goal = wanted.schedules ?? 1000
      let done = 0
      while (exploring && done < goal) {
        done += Math.ceil(goal / 10)
        rpc.exploreProgress({
          schedules: Math.min(done, goal),
          total: goal,
          schedulesPerSecond: 25_000,
          distinct: done >> 1,
          findings: 1,
          secondsLeft: 1,
        })
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      const found = {
        finding: fakeFinding(total - 10),
        schedule: 17,
        seed: 99,
        count: 12,
        choices: [CHOICE],
      }
      return {
        lab: lab.id,
        seed: wanted.seed ?? 0,
        strategy: 'urw',
        schedules: Math.min(done, goal),
        distinct: done >> 1,
        complete: exploring,
        coverage: { operations: 40, pairs: 23 },
        findings: [found],
        first: { schedule: 17, seed: 99, choices: found.choices },
        seconds: 0.04,
      } satisfies ExploreResult
    },
    failCall: (_lab: unknown, run: { fail?: number }) => ({
      failed:
        run.fail === 0 || run.fail! > 2
          ? null
          : { call: 'kmalloc', file: 'driver.ts', line: 20 + run.fail! },
      findings: run.fail === 2 ? [fakeFinding(total - 10)] : [],
      result: 'finished',
      resultText: 'Finished.',
    }),
    cancelExplore: () => void (exploring = false),
    compare: async (labs: { id: string }[], wanted: { schedules?: number }) => {
      comparing = true
      const cells: CompareCell[] = []
      const columns = [{ id: 'unbind', title: 'unbound' }, { id: 'unplug', title: 'unplug' }]
      for (const { id } of labs)
        for (const column of columns) {
          await new Promise((resolve) => setTimeout(resolve, 1))
          if (!comparing) continue
          const finding = column.id === 'unplug' ? fakeFinding(total - 10) : null
          const cell: CompareCell = {
            lab: id,
            disturbance: column.id,
            verdict: finding ? 'finding' : 'safe',
            schedules: wanted.schedules ?? 40,
            failed: finding ? 3 : 0,
            finding,
            kinds: finding ? [finding.kind] : [],
            text: finding ? `3 did not end well: ${finding.title}` : 'All ended well.',
            run: finding
              ? { seed: 5, params: { disturbance: 'unplug' }, strategy: 'replay', choices: [CHOICE] }
              : { seed: 5, params: { disturbance: 'unbind' } },
          }
          cells.push(cell)
          rpc.compareProgress({ done: cells.length, total: labs.length * 2, cell })
        }
      return {
        labs: labs.map(({ id }) => ({ id, title: id })),
        disturbances: columns,
        cells,
        costs: [],
        complete: comparing,
      } satisfies CompareResult
    },
    cancelCompare: () => void (comparing = false),
    lanes: () => [],
    window: () => null,
    events: () => [],
    state: () => null,
    objectHistory: () => [],
    neighbour: () => null,
  }

  const rpc = createBirpc<KernelEvents, object>(
    {},
    {
      post: (message) => far.post(message),
      on: (listener) => void far.onMessage(listener),
      timeout: -1,
      resolver: (name) => {
        calls.push(name)
        const failing = options.failing?.[name as keyof KernelApi]
        if (failing !== undefined) return () => Promise.reject(new Error(failing))
        return api[name as keyof KernelApi] as ((...args: unknown[]) => unknown) | undefined
      },
    },
  )

  return {
    connection: near,
    calls,
    status: () => now,
    crash: () => far.close(),
  }
}
