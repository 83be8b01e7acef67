import { SimBug } from '../../base/assert'
import { now } from '../../engine/current'
import type { Cpu } from '../../engine/cpu'
import { TaskDeath, type Exec, type Task } from '../../engine/exec'
import type { RawStack } from '../../engine/finding'
import type { Machine } from '../../engine/machine'
import type { Position } from '../../engine/position'
import type { Trouble } from '../../engine/trouble'
import { taintUnreliable } from '../locking/taint'
import { oopsLine } from '../printk/oops'
import { describeWait } from '../locking/holders'
import { report, takeStack, taskText } from '../report'
import { contextState } from './context'
import { countsAsHung, reportHungTask, reportSpinning } from './hung'
import { schedHooks } from './schedule'

const HUNG_SECONDS = 122

/**
 * Puts into words what the engine notices. The functions are plain properties: the owners of
 * module text and of the lockup detectors set theirs.
 */
export class KernelTrouble implements Trouble {
  executeAfterUnload: (pos: Position) => void = () => {}
  stuck: (exec: Exec, forNs: number) => void = () => {}
  #machine: Machine

  constructor(machine: Machine) {
    this.#machine = machine
  }

  oops(exec: Exec, error: unknown): void {
    if (error instanceof SimBug) throw error
    const at = faultStack(this.#machine, exec, error)
    const access = nullAccess(error)
    report(this.#machine, {
      kind: access === null ? 'oops.exception' : 'oops.null-deref',
      title:
        access === null
          ? `kernel BUG: ${messageOf(error)}`
          : 'BUG: kernel NULL pointer dereference, address: 0000000000000000',
      details: [
        ...(access === null
          ? []
          : [
              `#PF: supervisor ${access.write ? 'write' : 'read'} access in kernel mode`,
              `#PF: error_code(0x000${access.write ? 2 : 0}) - not-present page`,
            ]),
        oopsLine(this.#machine, access === null ? 'invalid opcode' : 'Oops', access?.write ? 2 : 0),
        ...(access === null ? [] : [access.text]),
      ],
      at,
      level: 1,
      help: 'oops',
    })
    taintUnreliable(this.#machine)
  }

  waitInAtomicCode(): void {
    report(this.#machine, {
      kind: 'sleep.in-atomic-code',
      title: 'klab: code that runs in one piece tried to wait in %f',
      details: [
        'Constructors, accessors, iterators and device models cannot sleep or spin: nothing else',
        'moves until they are done.',
      ],
    })
  }

  endlessAtomicLoop(): void {
    report(this.#machine, {
      kind: 'soft-lockup',
      title: 'klab: endless loop in code that runs in one piece in %f',
      details: ['Constructors, accessors and device models must come to an end.'],
    })
    throw new TaskDeath('endless loop')
  }

  scheduleInAtomic(cpu: Cpu, exec: Exec): void {
    const machine = this.#machine
    const count = ((cpu.preemptCount + 1) >>> 0).toString(16).padStart(8, '0')
    report(machine, {
      kind: 'sleep.scheduling-while-atomic',
      title: `BUG: scheduling while atomic: ${taskText(cpu)}/0x${count}`,
      details: held(machine),
      at: takeStack(machine, exec),
      rules: ['CTX-10'],
      help: 'atomic-context',
    })
    if (exec.kind === 'task' && cpu.stack.length === 1) cpu.preemptCount = 0
  }

  deadlock(tasks: Task[]): void {
    const machine = this.#machine
    const before = machine.findings.length
    for (const cpu of machine.cpus)
      if (cpu.top !== null && cpu.top.spinningOn !== null) reportSpinning(machine, cpu.top)
    for (const task of tasks) if (countsAsHung(task)) reportHungTask(machine, task, HUNG_SECONDS)
    if (machine.findings.length > before) return
    for (const task of tasks) if (task === machine.main) this.#waitsForEver(task)
  }

  /** Not a bug that Linux would report: a sleep that a signal could end. */
  #waitsForEver(task: Task): void {
    const machine = this.#machine
    report(machine, {
      kind: 'deadlock',
      title: `klab: task ${task.comm}:${task.pid} waits for ever: ${describeWait(machine, task)}`,
      details: ['Nothing in the machine can run any more, and no timer or device will act.'],
      objects: task.waitObject === null ? [] : [task.waitObject],
      at: takeStack(machine, task),
      help: 'deadlocks',
    })
  }
}

/** A task blocks although it has said that it will not. */
function nonBlocking(machine: Machine, task: Task): void {
  const { nonBlock } = contextState(task)
  if (nonBlock === 0) return
  report(machine, {
    kind: 'sleep.non-blocking-section',
    title: `BUG: scheduling in a non-blocking section: ${task.comm}/${task.pid}/${nonBlock}`,
    rules: ['CTX-10'],
    help: 'atomic-context',
    once: false,
  })
}

/** Lines about held locks; filled in by the lock checker, if one is attached. */
function held(machine: Machine): string[] {
  const lines: string[] = []
  schedHooks(machine).heldLocks.emit(now.cpu?.current ?? null, lines)
  return lines
}

interface NullAccess {
  write: boolean
  text: string
}

/** What the language says when an access leads nowhere; the named groups are what it knows. */
const NULL_MESSAGES = [
  /^Cannot (?<how>read|set) properties of (?<what>null|undefined)(?: \((?:reading|setting) '(?<field>.*)'\))?/,
  /^Cannot destructure (?:property '(?<field>.*?)' of )?.* as it is (?<what>null|undefined)/,
  /^Cannot use 'in' operator to search for '(?<field>.*)' in (?<what>null|undefined)/,
]

function nullAccess(error: unknown): NullAccess | null {
  if (!(error instanceof TypeError)) return null
  for (const message of NULL_MESSAGES) {
    const found = message.exec(error.message)?.groups
    if (!found) continue
    const write = found.how === 'set'
    const pointer = found.what === 'null' ? 'a NULL pointer' : 'a pointer that was never set'
    const field = found.field === undefined ? '' : ` '${found.field}'`
    return { write, text: `The code ${write ? 'writes' : 'reads'}${field} through ${pointer}.` }
  }
  if (!/is not a function|is not iterable/.test(error.message)) return null
  return { write: false, text: `${error.message}: the pointer leads nowhere.` }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : `exception ${String(error)}`

function faultStack(machine: Machine, exec: Exec, error: unknown): RawStack {
  const stack = takeStack(machine, exec)
  const { fault } = exec
  return fault !== null && fault.error === error ? { ...stack, frames: fault.frames } : stack
}

/** Makes the machine's troubles findings. Answers the object whose functions can be replaced. */
export function installTrouble(machine: Machine): KernelTrouble {
  const trouble = new KernelTrouble(machine)
  machine.trouble = trouble
  schedHooks(machine).blocking.add((task) => nonBlocking(machine, task))
  return trouble
}

