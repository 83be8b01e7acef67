import { ProcessExit, type Process } from '../fs/process'
import { FAULT } from './fault-codes'

const SIGBUS = 7
const SIGSEGV = 11
/** Exit code of a program that a signal has ended: 128 and its number. */
const KILLED = 128

/** Thrown through a program that has asked for it, where it touched what it must not. */
export class FaultSignal {
  readonly signal: number
  readonly address: number
  constructor(signal: number, address: number) {
    this.signal = signal
    this.address = address
  }
}

/** The signal for an access that failed: the program ends, unless it waits for the signal. */
export function raiseFault(p: Process, failed: number, address: number): never {
  const signal = failed & (FAULT.SIGBUS | FAULT.HWPOISON) ? SIGBUS : SIGSEGV
  if (p.catching > 0) throw new FaultSignal(signal, address)
  throw new ProcessExit(failed & FAULT.OOM ? KILLED + 9 : KILLED + signal)
}
