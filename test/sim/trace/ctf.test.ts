import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exporters, sched_switch } from '../../../src-sim/trace'
import type { Trace } from '../../../src-sim/trace'
import { untar } from '../../../src-main/cli/untar'
import { randomTrace } from './support'

/** A reader of CTF 1.8 that understands the part of the metadata language that is used here. */

interface Type { bits: number; signed: boolean; text: boolean; choices: string[] }
interface Declared { name: string; fields: [string, Type][] }
interface Entry { event: string; timeNs: number; cpu: number; tid: number; procname: string; values: Map<string, string> }

class Metadata {
  readonly #types = new Map<string, Type>()
  readonly events = new Map<number, Declared>()
  readonly context: [string, Type][]
  readonly packetContext: [string, Type][]
  readonly uuid: string

  constructor(text: string) {
    expect(text.startsWith('/* CTF 1.8 */')).toBe(true)
    expect(text).toContain('byte_order = le')
    expect(text).toContain('domain = "kernel"')
    for (const [, body, name] of text.matchAll(/typealias (?:integer|string) \{(.*?)\} := (\w+);/g)) {
      expect(body!.includes('size') ? body : 'align = 8').toContain('align = 8')
      const bits = Number(/size = (\d+)/.exec(body!)?.[1] ?? 0)
      this.#types.set(name!, { bits, signed: body!.includes('signed = true'), text: bits === 0, choices: [] })
    }
    this.uuid = /uuid = "(.*?)"/.exec(text)![1]!.replaceAll('-', '')
    this.packetContext = this.#fields(/packet\.context := struct \{(.*?)\};\n/s.exec(text)![1]!)
    this.context = this.#fields(/event\.context := struct \{(.*?)\};\n/s.exec(text)![1]!)
    const pattern = /\nevent \{\n {2}id = (\d+);\n {2}name = "(\w+)";\n {2}stream_id = 0;\n {2}fields := struct \{\n(.*?) {2}\};\n\};/gs
    for (const [, id, name, body] of text.matchAll(pattern))
      this.events.set(Number(id), { name: name!, fields: this.#fields(body!) })
  }

  #fields(body: string): [string, Type][] {
    const lines = body.split('\n').map((line) => line.trim()).filter((line) => line !== '')
    return lines.map((line) => {
      const [, type, name] = /^(.*) (\w+);$/.exec(line) as unknown as [string, string, string]
      const choices = [...type.matchAll(/"(.*?)" = (\d+)/g)].map(([, label]) => label!)
      const known = this.#types.get(choices.length > 0 ? 'uint32_t' : type)
      expect(known, type).toBeDefined()
      return [name, { ...known!, choices }]
    })
  }
}

function readStream(file: Uint8Array, metadata: Metadata): Entry[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  const entries: Entry[] = []
  let at = 0
  const read = (type: Type): string => {
    if (type.text) {
      const end = file.indexOf(0, at)
      const text = new TextDecoder().decode(file.subarray(at, end))
      at = end + 1
      return text
    }
    const wide = { 8: () => view.getUint8(at), 16: () => view.getUint16(at, true), 32: () => view.getUint32(at, true), 64: () => view.getBigUint64(at, true) }
    const value = BigInt(wide[type.bits as 8]!())
    at += type.bits / 8
    return String(type.signed ? BigInt.asIntN(type.bits, value) : value)
  }
  const readAll = (fields: [string, Type][]): Map<string, string> => new Map(fields.map(([name, type]) => [name, read(type)]))
  for (let packets = 0; at < file.length; packets++) {
    const start = at
    expect(view.getUint32(at, true)).toBe(0xc1fc1fc1)
    expect(Buffer.from(file.subarray(at + 4, at + 20)).toString('hex')).toBe(metadata.uuid)
    expect(view.getUint32(at + 20, true)).toBe(0)
    at += 24
    const packet = readAll(metadata.packetContext)
    expect(Number(packet.get('packet_seq_num'))).toBe(packets)
    const end = start + Number(packet.get('content_size')) / 8
    while (at < end) {
      const { name, fields } = metadata.events.get(view.getUint16(at, true))!
      const timeNs = Number(view.getBigUint64(at + 2, true))
      at += 10
      const context = readAll(metadata.context)
      entries.push({ event: name, timeNs, cpu: Number(packet.get('cpu_id')), tid: Number(context.get('_tid')), procname: context.get('_procname')!, values: readAll(fields) })
      expect(timeNs).toBeGreaterThanOrEqual(Number(packet.get('timestamp_begin')))
      expect(timeNs).toBeLessThanOrEqual(Number(packet.get('timestamp_end')))
    }
    expect(at).toBe(end)
    at = start + Number(packet.get('packet_size')) / 8
  }
  return entries
}

function readFolder(trace: Trace): Entry[] {
  const archive = Buffer.concat([...exporters.ctf.export(trace)] as Uint8Array[])
  const files = new Map(untar(new Uint8Array(archive)))
  const metadata = new Metadata(new TextDecoder().decode(files.get('metadata')))
  return [...files].filter(([name]) => name !== 'metadata').flatMap(([, file]) => readStream(file, metadata))
}

test('every event of any trace is found again in its CTF stream, with its values', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 300 }), (seed, length) => {
      const made = randomTrace(seed, length)
      const entries = readFolder(made.trace)
      for (const cpu of [0, 1]) {
        const theirs = entries.filter((entry) => entry.cpu === cpu)
        const ours = made.emitted.filter((entry) => entry.cpu === cpu)
        expect(theirs.map((e) => [e.event, e.timeNs])).toEqual(ours.map((e) => [e.event.name, e.timeNs]))
        ours.forEach(({ event, args }, i) => {
          event.fields.forEach((field, k) => {
            const value = theirs[i]!.values.get(`_${field.name}`)
            if (['u32', 'i32', 'hex', 'pos', 'str', 'sym'].includes(field.type)) expect(value).toBe(String(args[k]))
            if (['u64', 'ns', 'addr'].includes(field.type)) expect(value).toBe(String(BigInt(args[k] as number)))
            if (field.type === 'enum' && event.name !== 'sched_switch')
              expect(value).toBe(String(field.values.indexOf(args[k] as string)))
          })
        })
      }
    }),
    { numRuns: 40 },
  )
})

test('a long stream is cut into packets that can be told apart by their times', () => {
  const made = randomTrace(7, 30_000)
  expect(readFolder(made.trace).length).toBe(30_000)
})

test('a switch has the names and the state bits by which viewers draw tasks', () => {
  const made = randomTrace(1, 0)
  made.at.context = made.contexts[0]!
  made.writer.emit(sched_switch, made.contexts[0]!, 'D', 0)
  const [entry] = readFolder(made.trace)
  expect([...entry!.values]).toEqual([
    ['_prev_comm', 'init'], ['_prev_tid', '1'], ['_prev_prio', '120'], ['_prev_state', '2'],
    ['_next_comm', 'swapper/0'], ['_next_tid', '0'], ['_next_prio', '120'],
  ])
  expect([entry!.tid, entry!.procname]).toEqual([1, 'init'])
})
