import type { Trace } from '../trace'
import { Arguments } from './arguments'
import { ByteWriter } from './byte-writer'
import { ctfMetadata } from './ctf-metadata'
import { CtfStream } from './ctf-stream'
import { leavesOf, threadName } from './leaves'
import { RunningThread } from './running-thread'

/**
 * The files of a trace in the Common Trace Format 1.8, by name: `metadata` describes the others,
 * which are one stream of events for each CPU. Names of events and fields are those of LTTng's
 * kernel tracer, by which viewers recognise tasks and interrupts.
 */
export function* exportCtf(trace: Trace): Iterable<[name: string, bytes: Uint8Array]> {
  const { store } = trace
  const args = new Arguments(trace)
  const leaves = store.events.map((event) => leavesOf(event, args, 'tid'))
  const uuid = uuidOf(trace)
  const running = new RunningThread(store)
  const streams: CtfStream[] = []
  const at = trace.cursor()
  while (at.next()) {
    while (streams.length <= at.cpu) streams.push(new CtfStream(streams.length, uuid))
    const thread = running.of(at)
    const comm = threadName(args, thread, at.cpu)
    streams[at.cpu]!.add(at, leaves[at.kind]!, args.context(thread).pid, comm)
  }
  const metadata = new ByteWriter()
  metadata.text(ctfMetadata(store.events, leaves, uuid))
  yield ['metadata', metadata.take()]
  for (const [cpu, stream] of streams.entries()) yield [`channel0_${cpu}`, stream.finish()]
}

/** Binds the streams to their metadata; the same for the same trace. */
function uuidOf(trace: Trace): Uint8Array {
  const { a, b } = trace.store.tables.hash
  const words = Uint32Array.of(a, b, trace.length, trace.range.toNs)
  const uuid = new Uint8Array(words.buffer)
  uuid[6] = 0x40 | (uuid[6]! & 0x0f) // the version that says: only an identifier
  uuid[8] = 0x80 | (uuid[8]! & 0x3f)
  return uuid
}
