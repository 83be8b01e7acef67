import { hashText } from '../base/random'
import type { Cpu } from '../engine/cpu'
import { now } from '../engine/current'
import type { Exec } from '../engine/exec'
import type { Finding, FindingObject, FindingStack, Frame, RawStack } from '../engine/finding'
import type { Machine } from '../engine/machine'
import { columnOf, lineOf, NO_POSITION, type Position } from '../engine/position'
import { finding as findingEvent } from '../trace/events'
import { emit } from './emit'
import { kernelLog } from './printk/log'
import { functionAt } from './printk/symbols'

/** A stack that proves something, as a checker hands it in. */
export interface ReportStack {
  role: string
  stack: RawStack
}

export interface Report {
  kind: string
  /** First line of the report; `%f` stands for the function that did it, as `name+0x../0x.. [mod]`. */
  title: string
  /** More of that line in the log: who did it, which is no part of what happened. */
  titleEnd?: string
  /** Lines before the title (rulers). */
  before?: string[]
  /** Lines after the title, before the call trace. */
  details?: string[]
  /** Lines after the call trace. */
  tail?: string[]
  stacks?: ReportStack[]
  objects?: object[]
  rules?: string[]
  help?: string
  /** Where it happened, when not here and now. */
  at?: RawStack
  level?: number
  /** The log has its own words about it, elsewhere: nothing is printed here. */
  silent?: boolean
  /** More of the same mistake from the same place is no finding (default true). */
  once?: boolean
  /** It is printed each time all the same. */
  printsAgain?: boolean
  /** It is printed once in the life of a machine, wherever it comes from. */
  printsOnce?: boolean
}

/** The task that a CPU runs, or that an interrupt on it has stopped, as reports name it. */
export const taskText = (cpu: Cpu | null, between = '/'): string =>
  cpu?.current
    ? `${cpu.current.comm}${between}${cpu.current.pid}`
    : `swapper/${cpu?.id ?? 0}${between}0`

/** `CPU: 0 UID: 0 PID: 7 Comm: insmod`: an interrupt counts for the task that it stopped. */
export function whoLine(here: RawStack): string {
  const cpu = now.exec?.cpu
  if (!cpu || cpu.id !== here.cpu) return `CPU: ${here.cpu} UID: 0 PID: ${here.pid} Comm: ${here.context}`
  const comm = cpu.current?.comm ?? `swapper/${cpu.id}`
  return `CPU: ${cpu.id} UID: 0 PID: ${cpu.current?.pid ?? 0} Comm: ${comm}`
}

/** Takes the stack of a context, cheaply: positions only. The running one by default. */
export function takeStack(machine: Machine, exec: Exec | null = now.exec, inKernel = ''): RawStack {
  const frames: (Position | string)[] = []
  const top = exec === null ? -1 : exec.frames.length - 1
  if (inKernel !== '' && inKernel !== exec?.names[top]) frames.push(inKernel)
  if (exec) {
    for (let i = top; i >= 0; i--) {
      const name = exec.names[i]!
      if (name !== '') {
        // Lab functions that cannot suspend run inside the kernel's frame.
        const { p } = machine.runtime
        if (i === top && exec === now.exec && p !== NO_POSITION) frames.push(p)
        frames.push(name)
      } else {
        const pos = i === top && exec === now.exec ? machine.runtime.p : exec.positions[i]!
        if (pos !== NO_POSITION) frames.push(pos)
      }
    }
  }
  return {
    context: exec ? exec.name : 'hardware',
    pid: exec && 'pid' in exec ? (exec.pid as number) : 0,
    cpu: exec ? exec.cpu.id : 0,
    timeNs: machine.nowNs,
    step: machine.steps,
    frames,
  }
}

export function resolveFrame(machine: Machine, raw: Position | string): Frame {
  if (typeof raw === 'string')
    return { function: raw, file: null, line: 0, column: 0, module: null }
  const at = functionAt(machine, raw)
  return {
    function: at?.name ?? 'unknown',
    file: at?.file ?? null,
    line: lineOf(raw),
    column: columnOf(raw),
    module: at?.module ?? null,
  }
}

export function resolveStack(machine: Machine, role: string, raw: RawStack): FindingStack {
  return {
    role,
    context: raw.context,
    pid: raw.pid,
    cpu: raw.cpu,
    timeNs: raw.timeNs,
    step: raw.step,
    frames: raw.frames.map((f) => resolveFrame(machine, f)),
  }
}

function frameText(machine: Machine, raw: Position | string): string {
  if (typeof raw === 'string') return `${raw}+0x0/0x10`
  const at = functionAt(machine, raw)
  if (!at) return 'unknown'
  const offset = `+0x${at.offset.toString(16)}/0x${at.size.toString(16)}`
  return `${at.name}${offset}${at.module ? ` [${at.module}]` : ''}`
}

/** Whether a frame is of a program, or of the person at the keyboard. */
function isUserSpace(machine: Machine, frame: Position | string): boolean {
  const kind = typeof frame === 'number' ? machine.runtime.file(frame)?.kind : undefined
  return kind === 'scenario' || kind === 'user'
}

/**
 * ` name+0x10/0x40 [mod]` lines, innermost first, as under `Call Trace:`. The kernel's stack ends
 * where a program entered it.
 */
export function traceLines(machine: Machine, stack: RawStack): string[] {
  const entry = stack.frames.findIndex((frame) => isUserSpace(machine, frame))
  const frames = entry > 0 ? stack.frames.slice(0, entry) : stack.frames
  return frames.map((f) => ` ${frameText(machine, f)}`)
}

/** Name of the innermost function of a stack, as the kernel prints it. */
export function whereText(machine: Machine, stack: RawStack): string {
  const top = stack.frames[0]
  return top === undefined ? 'unknown' : frameText(machine, top)
}

export function describeObject(machine: Machine, object: object): FindingObject {
  const o = object as { name?: unknown; $label?: string; $type?: string }
  return {
    id: machine.idOf(object),
    type: o.$type ?? object.constructor?.name ?? 'object',
    name: o.$label ?? (typeof o.name === 'string' ? o.name : ''),
  }
}

/**
 * Turns a mistake of the code under test into a finding: prints it to the kernel log in the shape
 * Linux prints it, records it in the trace, and keeps it with its stacks. A mistake that was met
 * before (same kind, same places) makes no second finding. Answers the finding, or null when it was known.
 */
export function report(machine: Machine, r: Report): Finding | null {
  const here = r.at ?? takeStack(machine)
  const stacks = [{ role: 'use', stack: here }, ...(r.stacks ?? [])]
  const place = here.frames.find((f): f is Position => typeof f === 'number') ?? NO_POSITION
  const at = resolveFrame(machine, place)
  const title = r.title.replace('%f', whereText(machine, here))
  const signature = signatureOf(machine, r.kind, stacks)
  const known = r.once === false ? -1 : machine.findings.findIndex((f) => f.signature === signature)
  if (known >= 0 && !r.printsAgain) return null
  const lines = [
    ...(r.before ?? []),
    title + (r.titleEnd ?? ''),
    ...(r.details ?? []),
    whoLine(here),
    'Call Trace:',
    ...traceLines(machine, here),
    ...(r.tail ?? []),
  ]
  if (known >= 0) {
    printReport(machine, r, lines, known)
    return null
  }
  const said = machine.findings.some((f) => f.kind === r.kind && f.title === title)
  const result: Finding = {
    kind: r.kind,
    title,
    report: lines,
    signature,
    file: at.file,
    line: at.line,
    column: at.column,
    step: machine.steps,
    timeNs: machine.nowNs,
    stacks: stacks.map((s) => resolveStack(machine, s.role, s.stack)),
    objects: (r.objects ?? []).map((o) => describeObject(machine, o)),
    rules: r.rules ?? [],
    ...(r.help ? { help: r.help } : {}),
  }
  const id = machine.findings.push(result) - 1
  emit(findingEvent, id, r.kind, title, r.objects?.[0] ?? null)
  if (!r.printsOnce || !said) printReport(machine, r, lines, id)
  return result
}

function printReport(machine: Machine, r: Report, lines: readonly string[], id: number): void {
  const log = kernelLog(machine)
  if (r.silent === true) return
  for (const line of lines) log.print(r.level ?? 3, `${line}\n`, false, id)
}

function signatureOf(machine: Machine, kind: string, stacks: ReportStack[]): string {
  const text = stacks
    .map(
      (s) =>
        `${s.role}:${s.stack.frames
          .slice(0, 4)
          .map((f) => {
            if (typeof f === 'string') return f
            const frame = resolveFrame(machine, f)
            return `${frame.module ?? frame.file}/${frame.function}:${frame.line}`
          })
          .join('<')}`,
    )
    .join('|')
  return `${kind}-${hashText(`${kind}|${text}`).toString(16).padStart(8, '0')}`
}
