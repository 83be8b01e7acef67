import { Random } from '../../../src-sim/base/random'
import * as trace from '../../../src-sim/trace'
import { catalogue, Trace, TraceWriter } from '../../../src-sim/trace'
import type { AnyEvent } from '../../../src-sim/trace'

export interface Made {
  /** Where the next event happens. */
  at: trace.TraceContext
  writer: TraceWriter
  trace: Trace
  contexts: number[]
  objects: number[]
  /** What was passed to `emit`, in order. */
  emitted: (trace.TraceContext & { event: AnyEvent; args: unknown[] })[]
}

function start(): Made {
  const at = { timeNs: 0, cpu: 0, context: 0, step: 0, p: 0 }
  const writer = new TraceWriter(at)
  const contexts = ['init', 'worker "one"', 'irq\n2'].map((comm, i) =>
    writer.defineContext({ kind: 'task', pid: i + 1, comm, prio: 120, cpu: -1, tgid: i + 1 }),
  )
  contexts.push(
    writer.defineContext({ kind: 'hardirq', pid: 0, comm: 'hardirq/0', prio: 0, cpu: 0, tgid: 0 }),
  )
  const objects = ['work_struct', 'device', 'lock', 'timer_list', 'kmalloc'].flatMap((type) =>
    ['a', 'ü\u{1F600}', ''].map((name) => writer.defineObject(type, name && `${name} ${type}`)),
  )
  writer.defineFile(1, 'driver.ts', objects[0])
  return { writer, trace: new Trace(writer.store), contexts, objects, emitted: [], at }
}

/** A value of the type that `emit` wants for a field. */
function anyValue(random: Random, made: Made, field: AnyEvent['fields'][number]): unknown {
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!
  switch (field.type) {
    case 'obj': return random.below(5) === 0 ? 0 : pick(made.objects)
    case 'ctx': return pick(made.contexts)
    case 'str':
    case 'sym': return pick(['', 'demo_work', 'a "b"\n', 'é', `s${random.below(9)}`])
    case 'enum': return pick(field.values)
    case 'bool': return random.below(2) === 1
    case 'i32': return random.uint32() | 0
    case 'u64':
    case 'addr':
    case 'ns': return random.below(2) === 0 ? random.uint32() : random.below(2 ** 21) * 2 ** 32 + 7
    default: return random.uint32()
  }
}

function advance(random: Random, made: Made): void {
  const { at } = made
  const leap = random.below(8) === 0
  at.timeNs += [0, 0, 1, 300, 2_000_000, 5_000_000_000][random.below(leap ? 6 : 5)]!
  at.step += [0, 1, 1, 70_000][random.below(random.below(8) === 0 ? 4 : 3)]!
  at.cpu = random.below(2)
  at.context = random.below(9) === 0 ? 0 : made.contexts[random.below(made.contexts.length)]!
  at.p = random.below(2) === 0 ? 0 : (1 << 23) | (random.below(50) << 9) | 3
}

/** Any events of the catalogue with any values, without sense. */
export function randomTrace(seed: number, length: number, events = catalogue): Made {
  const made = start()
  const random = new Random(seed)
  for (let i = 0; i < length; i++) {
    advance(random, made)
    const event = events[random.below(events.length)]!
    const args =
      event.fields.map((field: AnyEvent['fields'][number]) => anyValue(random, made, field))
    made.writer.emit(event, ...args)
    const { timeNs, step, cpu, context, p } = made.at
    made.emitted.push({ event, args, timeNs, step, cpu, context, p })
  }
  return made
}
