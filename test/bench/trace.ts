import {
  exporters, irq_handler_entry, irq_handler_exit, sched_switch, sched_wakeup, Trace, TraceWriter,
  workqueue_execute_end, workqueue_execute_start, workqueue_queue_work,
} from '../../src-sim/trace'
import type { TraceContext } from '../../src-sim/trace'

export interface Figure {
  name: string
  figure: number
  unit: string
  /** The figure should not be above this. */
  budget: number
}

const EVENTS = 1_000_000

/** CPU time in milliseconds. */
function cpuMs(work: () => void): number {
  const before = process.cpuUsage().user
  work()
  return (process.cpuUsage().user - before) / 1000
}

function median(runs: number, work: () => number): number {
  const figures = Array.from({ length: runs }, work).sort((a, b) => a - b)
  return figures[runs >> 1]!
}

function start() {
  const at: TraceContext = { timeNs: 0, cpu: 0, context: 0, step: 0, p: 0 }
  return { at, writer: new TraceWriter(at) }
}

/** A busy machine: 40 tasks and 160 work items on 4 CPUs, interrupts in between. */
export function busyTrace(events: number): Trace {
  const { at, writer } = start()
  const tasks = Array.from({ length: 40 }, (_, i) =>
    writer.defineContext({
      kind: 'task', pid: i + 1, comm: `kworker/${i}`, prio: 120, cpu: -1, tgid: i + 1,
    }),
  )
  const hard = Array.from({ length: 4 }, (_, cpu) =>
    writer.defineContext({
      kind: 'hardirq', pid: 0, comm: `hardirq/${cpu}`, prio: 0, cpu, tgid: 0,
    }),
  )
  const queue = writer.defineObject('workqueue_struct', 'events')
  const works =
    Array.from({ length: 160 }, (_, i) => writer.defineObject('work_struct', `work${i}`))
  const line = writer.defineObject('irq_desc', 'irq 33')
  const action = writer.defineObject('irqaction', 'demo')
  for (let i = 0, round = 0; i < events; i += 8, round++) {
    const [task, next] = [tasks[round % 40]!, tasks[(round + 1) % 40]!]
    const work = works[round % 160]!
    const emit: typeof writer.emit = (event, ...args) => {
      at.timeNs += 250
      at.step += 2
      writer.emit(event, ...args)
    }
    at.cpu = round & 3
    at.context = task
    emit(workqueue_queue_work, work, 'demo_work', queue, -1, at.cpu)
    emit(sched_wakeup, next, at.cpu)
    at.context = hard[at.cpu]!
    emit(irq_handler_entry, 33, 'demo', action, line, 'demo_irq')
    emit(irq_handler_exit, 33, 'handled', action)
    at.context = task
    emit(sched_switch, task, 'S', next)
    at.context = next
    emit(workqueue_execute_start, work, 'demo_work', queue)
    emit(workqueue_execute_end, work, 'demo_work')
    emit(sched_wakeup, task, at.cpu)
  }
  return new Trace(writer.store)
}

export function emitNs(): Figure {
  const figure = median(7, () => {
    const { at, writer } = start()
    const ms = cpuMs(() => {
      for (let i = 0; i < EVENTS; i++) {
        at.timeNs += 300
        at.step++
        writer.emit(sched_wakeup, 7, i & 3)
      }
    })
    return (ms * 1e6) / EVENTS
  })
  return { name: 'emit of an event with two fields', figure, unit: 'ns', budget: 60 }
}

export function eventBytes(): Figure {
  const { at, writer } = start()
  for (let i = 0; i < 4 * 65_536; i++) {
    at.timeNs += 300
    at.step++
    writer.emit(sched_wakeup, 7, i & 3)
  }
  const bytes = writer.store.chunks.slice(0, 3).reduce((sum, chunk) => sum + chunk.bytes(), 0)
  const figure = bytes / (3 * 65_536)
  return { name: 'memory of an event with two fields', figure, unit: 'bytes', budget: 24 }
}

export function windowMs(trace: Trace): Figure {
  const lanes = trace.lanes({ limit: 200 }).map((lane) => lane.id)
  const { toNs } = trace.range
  const spans = [1, 0.5, 0.1, 0.01, 0.001]
  const ask = (i: number, shown: readonly number[]) => {
    const width = toNs * spans[i % spans.length]!
    const fromNs = (toNs - width) * ((i * 0.37) % 1)
    trace.window({ fromNs, toNs: fromNs + width, widthPx: 1000, lanes: shown })
  }
  for (let i = 0; i < 100; i++) ask(i, lanes.slice(0, 40))
  const figure = cpuMs(() => {
    for (let i = 0; i < 100; i++) ask(i, lanes.slice((i * 7) % 160, ((i * 7) % 160) + 40))
  }) / 100
  return { name: 'window of 40 lanes, 1 million events', figure, unit: 'ms', budget: 4 }
}

export function indexMs(trace: Trace): Figure {
  const figure = cpuMs(() => trace.lanes())
  return { name: 'lanes and spans of 1 million events', figure, unit: 'ms', budget: 1000 }
}

export function stateMs(trace: Trace): Figure {
  trace.stateAt(trace.length - 1)
  let worst = 0
  for (let i = 0; i < 40; i++) {
    worst = Math.max(worst, cpuMs(() => trace.stateAt((i * 7_919_333) % trace.length)))
  }
  return { name: 'state after any event, 1 million events', figure: worst, unit: 'ms', budget: 16 }
}

export function chromeSeconds(trace: Trace): Figure {
  let characters = 0
  const ms = cpuMs(() => {
    for (const part of exporters.chrome.export(trace)) characters += part.length
  })
  if (characters === 0) throw new Error('nothing was exported')
  return { name: 'Chrome JSON of 1 million events', figure: ms / 1000, unit: 's', budget: 4 }
}

/** All figures, in an order in which later ones may use what earlier ones built. */
export function traceFigures(): Figure[] {
  const emit = [emitNs(), eventBytes()]
  const trace = busyTrace(EVENTS)
  return [...emit, indexMs(trace), windowMs(trace), stateMs(trace), chromeSeconds(trace)]
}
