import type { AnyEvent } from '../catalogue'
import type { Trace } from '../trace'
import { Arguments } from './arguments'
import { oneLine } from './batches'
import { ByteWriter } from './byte-writer'
import { leavesOf } from './leaves'
import { PAGE, RecordLayout } from './trace-dat-layout'
import { RingPages } from './trace-dat-pages'
import { RunningThread } from './running-thread'

const HEADER_PAGE = [
  ['u64 timestamp', 0, 8, 0],
  ['local_t commit', 8, 8, 1],
  ['int overwrite', 8, 1, 1],
  ['char data', 16, PAGE - 16, 0],
]
  .map(([type, offset, size, signed]) =>
    `\tfield: ${type};\toffset:${offset};\tsize:${size};\tsigned:${signed};\n`)
  .join('')

const HEADER_EVENT = `# compressed entry header
\ttype_len    :    5 bits
\ttime_delta  :   27 bits
\tarray       :   32 bits

\tpadding     : type == 29
\ttime_extend : type == 30
\ttime_stamp : type == 31
\tdata max type_len  == 28
`

/** Event ids of Linux start above those of the built-in ftrace entries. */
const FIRST_ID = 256

/**
 * The file that `trace-cmd record` writes, in version 6, which every version of trace-cmd and
 * KernelShark reads: descriptions of the events, the names of the threads, then for each CPU the
 * pages of its ring buffer.
 */
export function* exportTraceDat(trace: Trace): Iterable<Uint8Array> {
  const { events } = trace.store
  const args = new Arguments(trace)
  const layouts = events.map((event, kind) =>
    new RecordLayout(event, FIRST_ID + kind, leavesOf(event, args, 'pid')))
  const cpus = cpuPages(trace, layouts)
  const out = new ByteWriter()
  writeHead(out)
  writeFormats(out, events, layouts)
  out.u32(0) // kallsyms: functions are named in the records
  out.u32(0) // formats of trace_printk
  section(out, threadNames(trace))
  out.u32(cpus.length)
  out.text('options  ')
  out.u8(0)
  out.u16(0)
  out.cString('flyrecord')
  const table = out.length
  out.zeros(cpus.length * 16)
  out.align(PAGE)
  let offset = out.length
  cpus.forEach((cpu, i) => {
    out.patchU64(table + i * 16, offset)
    out.patchU64(table + i * 16 + 8, cpu.length)
    offset += cpu.length
  })
  yield out.take()
  yield* cpus
}

function writeHead(out: ByteWriter): void {
  for (const byte of [0x17, 0x08, 0x44]) out.u8(byte)
  out.text('tracing')
  out.cString('6')
  out.u8(0) // little endian
  out.u8(8) // bytes of a long
  out.u32(PAGE)
  out.cString('header_page')
  section(out, HEADER_PAGE)
  out.cString('header_event')
  section(out, HEADER_EVENT)
  out.u32(0) // no events of ftrace itself
}

function section(out: ByteWriter, text: string): void {
  const bytes = out.encoded(text)
  out.u64(bytes.length)
  out.bytes(bytes)
}

function writeFormats(out: ByteWriter, events: readonly AnyEvent[], layouts: RecordLayout[]): void {
  const systems = new Map<string, RecordLayout[]>()
  events.forEach((event, kind) => {
    const known = systems.get(event.category)
    if (known) known.push(layouts[kind]!)
    else systems.set(event.category, [layouts[kind]!])
  })
  out.u32(systems.size)
  for (const [system, members] of systems) {
    out.cString(system)
    out.u32(members.length)
    for (const layout of members) section(out, layout.format())
  }
}

/** `pid name`, a line for each thread. */
function threadNames(trace: Trace): string {
  const names = new Map<number, string>()
  for (const { kind, pid, comm } of trace.store.tables.contexts.values())
    if (kind === 'task' && pid > 0) names.set(pid, oneLine(comm))
  return [...names].map(([pid, comm]) => `${pid} ${comm}\n`).join('')
}

function cpuPages(trace: Trace, layouts: readonly RecordLayout[]): Uint8Array[] {
  const { contexts } = trace.store.tables
  const running = new RunningThread(trace.store)
  const cpus: RingPages[] = []
  const at = trace.cursor()
  const record = new ByteWriter()
  while (at.next()) {
    while (cpus.length <= at.cpu) cpus.push(new RingPages())
    const pid = contexts.get(running.of(at))?.pid ?? 0
    layouts[at.kind]!.write(record, at, pid, flagsOf(contexts.get(at.context)?.kind))
    cpus[at.cpu]!.add(at.timeNs, record.take())
  }
  if (cpus.length === 0) cpus.push(new RingPages())
  return cpus.map((cpu) => cpu.finish())
}

const IRQS_OFF = 0x01
const HARDIRQ = 0x08
const SOFTIRQ = 0x10

function flagsOf(kind: string | undefined): number {
  if (kind === 'hardirq' || kind === 'nmi') return IRQS_OFF | HARDIRQ
  return kind === 'softirq' ? SOFTIRQ : 0
}

