import type { Cursor } from '../cursor'
import type { Trace } from '../trace'
import { Arguments } from './arguments'
import { batches, oneLine } from './batches'
import { seconds } from './text'

const HEADER = `# tracer: nop
#
# entries-in-buffer/entries-written: COUNT/COUNT   #P:CPUS
#
#                                _-----=> irqs-off/BH-disabled
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| / _-=> migrate-disable
#                              |||| /     delay
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
`

type Print = (at: Cursor, args: Arguments) => string

/** Events that readers of this format parse field by field need their exact wording. */
const WORDING: Record<string, Print> = {
  sched_switch: (at, args) => {
    const event = at.store.events[at.kind]!
    const prev = args.contextText(at.word(0), 'prev_')
    const next = args.contextText(at.word(2), 'next_')
    return `${prev} prev_state=${args.value(at, event, 1)} ==> ${next}`
  },
  workqueue_execute_start: (at, args) => {
    const event = at.store.events[at.kind]!
    return `work struct ${args.value(at, event, 0)}: function ${args.value(at, event, 1)}`
  },
  workqueue_execute_end: (at, args) => {
    const event = at.store.events[at.kind]!
    return `work struct ${args.value(at, event, 0)}: function ${args.value(at, event, 1)}`
  },
}

/** The text of /sys/kernel/tracing/trace. */
export function* exportFtrace(trace: Trace): Iterable<string> {
  const args = new Arguments(trace)
  const { events, tables } = trace.store
  const at = trace.cursor()
  let cpus = 1
  for (const chunk of trace.store.chunks) {
    for (let i = 0; i < chunk.length; i++) cpus = Math.max(cpus, chunk.cpu[i]! + 1)
  }
  yield HEADER.replaceAll('COUNT', String(trace.length)).replace('CPUS', String(cpus))
  yield* batches(() => {
    if (!at.next()) return null
    const context = tables.contexts.get(at.context)
    const who = `${context?.comm ?? 'boot'}-${context?.pid ?? 0}`.padStart(23)
    const event = events[at.kind]!
    const print = WORDING[event.name]
    const body = print ? print(at, args) : args.text(at)
    const cpu = String(at.cpu).padStart(3, '0')
    const when = `[${cpu}] ${flags(context?.kind)} ${seconds(at.timeNs, 9)}`
    return `${oneLine(`${who}   ${when}: ${event.name}: ${body}`)}\n`
  })
}

function flags(kind: string | undefined): string {
  if (kind === 'hardirq') return 'd.h1.'
  if (kind === 'softirq') return '..s1.'
  return kind === 'nmi' ? 'd.Z1.' : '.....'
}
