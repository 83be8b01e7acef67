import type { TraceStore } from '../store'
import type { ContextInfo } from '../tables'

/** Where events of a context go in formats that know processes and threads. */
export interface Thread {
  readonly pid: number
  readonly tid: number
  readonly process: string
  readonly name: string
}

const KERNEL_PID = 1_000_000
const CPU_PID = 1_000_001
const OBJECT_PID = 1_000_002
const OWN_TIDS = 2_000_000

export const cpuThread = (cpu: number): Thread => ({
  pid: CPU_PID, tid: OWN_TIDS - 1 - cpu, process: 'CPUs', name: `CPU ${cpu}`,
})

/** Objects are no threads: each kind of object is a process of its own with unordered spans. */
export const objectThread = (type: number, name: string): Thread => ({
  pid: OBJECT_PID + type, tid: OBJECT_PID + type, process: name, name,
})

/** Gives each context a process and a thread id that is unique and not zero. */
export class Threads {
  readonly #threads = new Map<number, Thread>()

  constructor(store: TraceStore) {
    const { contexts } = store.tables
    const taken = new Set<number>()
    const names = new Map<number, string>()
    for (const info of contexts.values()) if (info.pid === info.tgid) names.set(info.pid, info.comm)
    const boot = { pid: KERNEL_PID, tid: KERNEL_PID, process: 'kernel', name: 'boot' }
    this.#threads.set(0, boot)
    for (const [id, info] of contexts) {
      const isTask = info.kind === 'task' && info.pid > 0 && !taken.has(info.pid)
      const tid = isTask ? info.pid : OWN_TIDS + id
      taken.add(tid)
      const pid = info.kind === 'task' && info.tgid > 0 ? info.tgid : KERNEL_PID
      const process = pid === KERNEL_PID ? 'kernel' : (names.get(pid) ?? info.comm)
      this.#threads.set(id, { pid, tid, process, name: nameOf(info) })
    }
  }

  of(context: number): Thread {
    return this.#threads.get(context) ?? this.#threads.get(0)!
  }

  all(): Iterable<Thread> {
    return this.#threads.values()
  }
}

function nameOf(info: ContextInfo): string {
  return info.cpu >= 0 && info.kind !== 'task' ? `${info.kind}/${info.cpu}` : info.comm
}
