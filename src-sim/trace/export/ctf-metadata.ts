import type { AnyEvent } from '../catalogue'
import type { Leaf, LeafKind } from './leaves'

const TYPES: Record<Exclude<LeafKind, 'choice'>, string> = {
  text: 'string_t',
  comm: 'string_t',
  u32: 'uint32_t',
  i32: 'int32_t',
  hex: 'hex32_t',
  bool: 'uint8_t',
  u64: 'uint64_t',
  hex64: 'hex64_t',
  state: 'int64_t',
}

function integer(name: string, size: number, more = ''): string {
  const signed = name.startsWith('int') ? 'true' : 'false'
  return `typealias integer { size = ${size}; align = 8; signed = ${signed};${more} } := ${name};\n`
}

const ALIASES =
  integer('uint8_t', 8) +
  integer('uint16_t', 16) +
  integer('uint32_t', 32) +
  integer('uint64_t', 64) +
  integer('int32_t', 32) +
  integer('int64_t', 64) +
  integer('hex32_t', 32, ' base = 16;') +
  integer('hex64_t', 64, ' base = 16;') +
  integer('time_t', 64, ' map = clock.monotonic.value;') +
  'typealias string { encoding = UTF8; } := string_t;\n'

/** The text that says how the bytes of the streams are to be read. */
export function ctfMetadata(
  events: readonly AnyEvent[], leaves: readonly (readonly Leaf[])[], uuid: Uint8Array,
): string {
  return `/* CTF 1.8 */

${ALIASES}
trace {
  major = 1;
  minor = 8;
  uuid = "${uuidText(uuid)}";
  byte_order = le;
  packet.header := struct {
    uint32_t magic;
    uint8_t uuid[16];
    uint32_t stream_id;
  };
};

env {
  domain = "kernel";
  sysname = "Linux";
  tracer_name = "lttng-modules";
  tracer_major = 2;
  tracer_minor = 13;
  tracer_patchlevel = 0;
};

clock {
  name = "monotonic";
  description = "Virtual time since boot";
  freq = 1000000000;
  offset = 0;
};

stream {
  id = 0;
  packet.context := struct {
    time_t timestamp_begin;
    time_t timestamp_end;
    uint64_t content_size;
    uint64_t packet_size;
    uint64_t packet_seq_num;
    uint64_t events_discarded;
    uint32_t cpu_id;
  };
  event.header := struct {
    uint16_t id;
    time_t timestamp;
  };
  event.context := struct {
    int32_t _tid;
    string_t _procname;
  };
};

${events.map((event, id) => eventText(event, id, leaves[id]!)).join('')}`
}

function eventText(event: AnyEvent, id: number, leaves: readonly Leaf[]): string {
  const fields = leaves.map((leaf) => `    ${typeOf(leaf)} _${leaf.name};\n`).join('')
  return `event {
  id = ${id};
  name = "${event.name}";
  stream_id = 0;
  fields := struct {
${fields}  };
};
`
}

function typeOf(leaf: Leaf): string {
  if (leaf.kind !== 'choice') return TYPES[leaf.kind]
  const values = leaf.values.map((value, i) => `"${value}" = ${i}`)
  return `enum : uint32_t { ${values.join(', ')} }`
}

function uuidText(uuid: Uint8Array): string {
  const hex = [...uuid].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
