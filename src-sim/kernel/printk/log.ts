import { now } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { console as consoleEvent, user_print } from '../../trace/events'
import { emit, recorder } from '../emit'

export const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const

const INFO = 6

/** One line of the kernel log, with where it came from. */
export interface LogLine {
  level: number
  timeNs: number
  text: string
  cpu: number
  context: string
  step: number
  /** Source position of the call. */
  pos: number
  /** Index of the finding whose report this line belongs to, or -1. */
  finding: number
  /** Index of its event in the trace, -1 without a trace. */
  event: number
}

/** The kernel's message buffer, and what programs print: both appear on the serial console. */
export class KernelLog {
  readonly lines: LogLine[] = []
  #machine: Machine
  /** Text of a line that has not ended yet (no newline so far). */
  #open: LogLine | null = null
  /** By context: what a program has printed of a line that has not ended. */
  readonly #unfinished = new Map<string, string>()

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Appends text as printk does: split into lines; text without a newline stays open for KERN_CONT. */
  print(level: number, text: string, continued = false, finding = -1): void {
    const parts = text.split('\n')
    const ended = parts[parts.length - 1] === ''
    if (ended) parts.pop()
    parts.forEach((part, i) => {
      if (i === 0 && continued && this.#open) this.#open.text += part
      else {
        this.#append(level, part, finding)
        emit(consoleEvent, LEVELS[level] ?? 'info', part)
      }
      if (i < parts.length - 1 || ended) this.#open = null
    })
  }

  #append(level: number, text: string, finding: number): void {
    const machine = this.#machine
    const exec = now.exec
    const line: LogLine = {
      level,
      timeNs: machine.nowNs,
      text,
      cpu: now.cpu ? now.cpu.id : 0,
      context: exec ? exec.name : '',
      step: machine.steps,
      pos: machine.runtime.p,
      finding,
      event: recorder(machine).writer?.store.length ?? -1,
    }
    this.lines.push(line)
    this.#open = line
  }

  /** What a program prints: shown line by line, as its terminal does. */
  type(text: string): void {
    const who = now.exec?.name ?? ''
    const lines = ((this.#unfinished.get(who) ?? '') + text).split('\n')
    this.#unfinished.set(who, lines.pop()!)
    for (const line of lines) {
      this.#append(INFO, line, -1)
      this.#open = null
      emit(user_print, line)
    }
  }
}

export const kernelLog = service((machine) => new KernelLog(machine))

/** `[    0.001234] text`, as dmesg shows it. */
export function dmesgText(line: LogLine): string {
  const us = Math.floor(line.timeNs / 1000)
  const seconds = `${Math.floor(us / 1_000_000)}`.padStart(5)
  return `[${seconds}.${`${us % 1_000_000}`.padStart(6, '0')}] ${line.text}`
}
