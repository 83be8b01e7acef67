import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  console as consoleEvent, exporters, sched_switch, softirq_raise,
} from '../../../src-sim/trace'
import type { AnyEvent, Trace } from '../../../src-sim/trace'
import { randomTrace } from './support'

/** A reader of trace.dat version 6 that knows nothing of the exporter. */

interface FieldFormat { name: string; offset: number; size: number; dynamic: boolean; signed: boolean }
interface Format { name: string; system: string; fields: FieldFormat[]; print: string }
interface Entry { timeNs: number; cpu: number; pid: number; flags: number; event: string; values: Map<string, string> }

class Reader {
  readonly view: DataView
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  u8 = (): number => this.view.getUint8(this.at++)
  u16 = (): number => this.#step(2, this.view.getUint16(this.at, true))
  u32 = (): number => this.#step(4, this.view.getUint32(this.at, true))
  u64 = (): number => this.#step(8, Number(this.view.getBigUint64(this.at, true)))
  text = (length: number): string => {
    this.at += length
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at))
  }

  cString(): string {
    const end = this.bytes.indexOf(0, this.at)
    const text = this.text(end - this.at)
    this.at++
    return text
  }

  #step(bytes: number, value: number): number {
    this.at += bytes
    return value
  }
}

function formatOf(system: string, text: string): [number, Format] {
  const [head, own] = text.split('\n\n') as [string, string]
  expect(head).toContain('field:int common_pid;\toffset:4;\tsize:4;\tsigned:1;')
  const pattern = /field:(.*?);\toffset:(\d+);\tsize:(\d+);\tsigned:([01]);/g
  const fields = [...own.matchAll(pattern)].map(([, declaration, offset, size, signed]) => ({
    name: /(\w+)(\[\d+\])?$/.exec(declaration!)![1]!,
    offset: Number(offset),
    size: Number(size),
    dynamic: declaration!.startsWith('__data_loc'),
    signed: signed === '1',
  }))
  const print = /print fmt: (.*)/.exec(text)![1]!
  const id = Number(/ID: (\d+)/.exec(head)![1])
  return [id, { name: /name: (\w+)/.exec(head)![1]!, system, fields, print }]
}

function readFile(file: Uint8Array): { entries: Entry[]; formats: Map<number, Format>; names: Map<number, string> } {
  const r = new Reader(file)
  expect([r.u8(), r.u8(), r.u8()]).toEqual([0x17, 0x08, 0x44])
  expect(r.text(7)).toBe('tracing')
  expect([r.cString(), r.u8(), r.u8(), r.u32()]).toEqual(['6', 0, 8, 4096])
  expect(r.cString()).toBe('header_page')
  expect(r.text(r.u64())).toContain('field: char data;\toffset:16;\tsize:4080;\tsigned:0;')
  expect(r.cString()).toBe('header_event')
  expect(r.text(r.u64())).toContain('time_delta  :   27 bits')
  expect(r.u32()).toBe(0)
  const formats = new Map<number, Format>()
  for (let systems = r.u32(); systems > 0; systems--) {
    const system = r.cString()
    for (let events = r.u32(); events > 0; events--) formats.set(...formatOf(system, r.text(r.u64())))
  }
  expect([r.u32(), r.u32()]).toEqual([0, 0])
  const lines = r.text(r.u64()).split('\n').filter((line) => line !== '')
  const names = new Map(lines.map((line) => {
    const blank = line.indexOf(' ')
    return [Number(line.slice(0, blank)), line.slice(blank + 1)]
  }))
  const cpus = r.u32()
  expect(r.text(10)).toBe('options  \0')
  expect(r.u16()).toBe(0)
  expect(r.cString()).toBe('flyrecord')
  const entries: Entry[] = []
  for (let cpu = 0; cpu < cpus; cpu++) {
    const [offset, size] = [r.u64(), r.u64()]
    expect([offset % 4096, size % 4096]).toEqual([0, 0])
    expect(offset + size).toBeLessThanOrEqual(file.length)
    for (let page = offset; page < offset + size; page += 4096)
      readPage(new Reader(file.subarray(page, page + 4096)), cpu, formats, entries)
  }
  return { entries, formats, names }
}

function readPage(r: Reader, cpu: number, formats: Map<number, Format>, entries: Entry[]): void {
  let timeNs = r.u64()
  const end = 16 + r.u64()
  expect(end).toBeLessThanOrEqual(4096)
  while (r.at < end) {
    const head = r.u32()
    const type = head & 31
    const delta = head >>> 5
    if (type === 30) {
      timeNs += delta + r.u32() * 2 ** 27
      continue
    }
    expect(type).toBeLessThanOrEqual(28)
    timeNs += delta
    const size = type === 0 ? r.u32() - 4 : type * 4
    const start = r.at
    const record = new Reader(r.bytes.subarray(start, start + size))
    expect(start + size).toBeLessThanOrEqual(end)
    r.at = start + size
    const format = formats.get(record.u16())!
    const flags = record.u8()
    record.at = 4
    const pid = record.u32()
    const values = new Map(format.fields.map((field) => [field.name, valueOf(record, field)]))
    entries.push({ timeNs, cpu, pid, flags, event: format.name, values })
  }
}

function valueOf(r: Reader, field: FieldFormat): string {
  r.at = field.offset
  if (field.dynamic) {
    const place = r.u32()
    r.at = place & 0xffff
    const text = r.text((place >>> 16) - 1)
    expect(r.u8()).toBe(0)
    return text
  }
  if (field.size === 16) return r.text(16).replace(/\0.*/, '')
  if (field.size === 8) return String(r.view.getBigUint64(field.offset, true))
  if (field.size === 4) return String(field.signed ? r.u32() | 0 : r.u32())
  return String(r.u8())
}

const exported = (trace: Trace): Uint8Array =>
  new Uint8Array(Buffer.concat([...exporters['trace.dat'].export(trace)] as Uint8Array[]))

test('every event of any trace is found again in trace.dat, with its time, CPU and values', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 300 }), (seed, length) => {
      const made = randomTrace(seed, length)
      const { entries } = readFile(exported(made.trace))
      expect(entries.length).toBe(length)
      for (const cpu of [0, 1]) {
        const theirs = entries.filter((entry) => entry.cpu === cpu)
        const ours = made.emitted.filter((entry) => entry.cpu === cpu)
        expect(theirs.map((entry) => [entry.event, entry.timeNs]))
          .toEqual(ours.map((entry) => [entry.event.name, entry.timeNs]))
        ours.forEach((entry, i) => checkValues(entry.event, entry.args, theirs[i]!.values))
      }
    }),
    { numRuns: 40 },
  )
})

function checkValues(event: AnyEvent, args: unknown[], values: Map<string, string>): void {
  event.fields.forEach((field: AnyEvent['fields'][number], i: number) => {
    const value = values.get(field.name)
    switch (field.type) {
      case 'u32':
      case 'i32':
      case 'hex':
      case 'pos': return expect(value).toBe(String(args[i]))
      case 'u64':
      case 'ns':
      case 'addr': return expect(value).toBe(String(BigInt(args[i] as number)))
      case 'str':
      case 'sym': return expect(value).toBe(args[i])
      case 'bool': return expect(value).toBe(args[i] ? '1' : '0')
      case 'enum':
        if (event.name !== 'sched_switch') expect(value).toBe(String(field.values.indexOf(args[i] as string)))
    }
  })
}

test('a text that is longer than a page is cut, at a whole character, and the record kept', () => {
  const made = randomTrace(1, 0)
  made.writer.emit(consoleEvent, 'info', 'é'.repeat(5000))
  const [entry] = readFile(exported(made.trace)).entries
  expect(entry!.values.get('msg')).toMatch(/^é{1000,2000}$/)
})

test('a switch is recorded in the thread that is left, interrupts in the thread they interrupt', () => {
  const made = randomTrace(1, 0)
  const [init, worker, , hard] = made.contexts as [number, number, number, number]
  const at = made.at
  at.context = init
  made.writer.emit(sched_switch, init, 'D', worker)
  at.context = hard
  made.writer.emit(softirq_raise, 'TIMER')
  at.context = 0
  made.writer.emit(sched_switch, worker, 'S', 0)
  made.writer.emit(softirq_raise, 'TIMER')
  const { entries, names } = readFile(exported(made.trace))
  expect(entries.map((entry) => [entry.pid, entry.flags & 8])).toEqual([[1, 0], [2, 8], [2, 0], [0, 0]])
  expect(entries[0]!.values.get('prev_state')).toBe('2')
  expect(entries[2]!.values.get('next_comm')).toBe('swapper/0')
  expect(names.get(1)).toBe('init')
})
