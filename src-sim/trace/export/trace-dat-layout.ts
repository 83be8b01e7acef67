import type { AnyEvent } from '../catalogue'
import type { Cursor } from '../cursor'
import { clip, type ByteWriter } from './byte-writer'
import type { Leaf, LeafKind } from './leaves'

/** The page size that the file declares; its sections are aligned to it, and records fit in one. */
export const PAGE = 4096

/** Size of a task's name with its end mark. */
const COMM = 16
/** What all texts of a record may take together, so that it fits into a page. */
const TEXTS_MAX = 3584

interface Shape {
  readonly declare: (name: string) => string
  readonly size: number
  readonly align: number
  readonly signed: boolean
  /** The conversion in the print format and the expression behind it. */
  readonly print: string
  readonly value: (leaf: Leaf) => string
}

const rec = (leaf: Leaf): string => `REC->${leaf.name}`

function plain(type: string, size: number, print: string, signed = false): Shape {
  return { declare: (name) => `${type} ${name}`, size, align: size, signed, print, value: rec }
}

const symbols = (leaf: Leaf): string =>
  leaf.values.map((value, i) => `{ ${i}, "${value}" }`).join(', ')

const SHAPES: Record<LeafKind, Shape> = {
  text: {
    declare: (name) => `__data_loc char[] ${name}`,
    size: 4, align: 4, signed: false, print: '%s', value: (leaf) => `__get_str(${leaf.name})`,
  },
  comm: {
    declare: (name) => `char ${name}[${COMM}]`,
    size: COMM, align: 1, signed: false, print: '%s', value: rec,
  },
  u32: plain('unsigned int', 4, '%u'),
  i32: plain('int', 4, '%d', true),
  hex: plain('unsigned int', 4, '0x%x'),
  bool: plain('bool', 1, '%d'),
  u64: plain('u64', 8, '%llu'),
  hex64: plain('u64', 8, '0x%llx'),
  choice: {
    ...plain('unsigned int', 4, '%s'),
    value: (leaf) => `__print_symbolic(REC->${leaf.name}, ${symbols(leaf)})`,
  },
  state: plain('long', 8, '%ld', true),
}

const COMMON = `\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;
\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;
\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;
`
const COMMON_SIZE = 8

/** Where the columns of one kind of event are in its records. */
export class RecordLayout {
  readonly #event: AnyEvent
  readonly #id: number
  readonly #leaves: readonly Leaf[]
  readonly #offsets: number[] = []
  readonly #size: number
  readonly #textMax: number

  constructor(event: AnyEvent, id: number, leaves: readonly Leaf[]) {
    this.#event = event
    this.#id = id
    this.#leaves = leaves
    let at = COMMON_SIZE
    for (const { kind } of leaves) {
      const { size, align } = SHAPES[kind]
      at = (at + align - 1) & -align
      this.#offsets.push(at)
      at += size
    }
    this.#size = at
    const texts = leaves.filter((leaf) => leaf.kind === 'text').length
    this.#textMax = Math.floor(TEXTS_MAX / Math.max(1, texts))
  }

  /** As /sys/kernel/tracing/events/SYSTEM/EVENT/format describes an event. */
  format(): string {
    const fields = this.#leaves.map((leaf, i) => {
      const { declare, size, signed } = SHAPES[leaf.kind]
      const place = `offset:${this.#offsets[i]};\tsize:${size};\tsigned:${signed ? 1 : 0};`
      return `\tfield:${declare(leaf.name)};\t${place}\n`
    })
    const prints = this.#leaves.map((leaf) => `${leaf.name}=${SHAPES[leaf.kind].print}`)
    const values = this.#leaves.map((leaf) => `, ${SHAPES[leaf.kind].value(leaf)}`)
    return (
      `name: ${this.#event.name}\nID: ${this.#id}\nformat:\n${COMMON}\n${fields.join('')}\n` +
      `print fmt: "${prints.join(' ')}"${values.join('')}\n`
    )
  }

  /**
   * The payload of one record, at the start of `out`: texts follow the columns, which hold where
   * and how long they are.
   */
  write(out: ByteWriter, at: Cursor, pid: number, flags: number): void {
    out.u16(this.#id)
    out.u8(flags)
    out.u8(0)
    out.u32(pid)
    let textsAt = this.#size
    const texts: Uint8Array[] = []
    this.#leaves.forEach((leaf, i) => {
      out.zeros(this.#offsets[i]! - out.length)
      if (leaf.kind !== 'text') {
        writeColumn(out, leaf, at)
        return
      }
      const text = clip(out.encoded(leaf.text(at)), this.#textMax)
      out.u32(((text.length + 1) << 16) | textsAt)
      textsAt += text.length + 1
      texts.push(text)
    })
    for (const text of texts) {
      out.bytes(text)
      out.u8(0)
    }
  }
}

function writeColumn(out: ByteWriter, leaf: Leaf, at: Cursor): void {
  switch (SHAPES[leaf.kind].size) {
    case COMM: {
      const name = clip(out.encoded(leaf.text(at)), COMM - 1)
      out.bytes(name)
      out.zeros(COMM - name.length)
      return
    }
    case 1:
      out.u8(leaf.number(at))
      return
    case 8:
      out.u32(leaf.number(at))
      out.u32(leaf.kind === 'state' ? 0 : leaf.high(at))
      return
    default:
      out.u32(leaf.number(at))
  }
}
