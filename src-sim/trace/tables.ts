import { RunningHash } from './hash'

export const CONTEXT_KINDS = ['task', 'idle', 'softirq', 'hardirq', 'nmi', 'agent'] as const
/** `agent`: a device model or other master that runs beside the CPUs. */
export type ContextKind = (typeof CONTEXT_KINDS)[number]

export interface ContextInfo {
  readonly kind: ContextKind
  readonly pid: number
  readonly comm: string
  readonly prio: number
  /** The CPU that owns it, -1 when it may run on any. */
  readonly cpu: number
  /** Thread group: pid of the process, or the pid itself. */
  readonly tgid: number
}

/** A source file of one loaded text, as numbered in source positions. */
export interface FileInfo {
  readonly path: string
  /** Object id of the module whose text it is, 0 for the kernel's own. */
  readonly module: number
}

/**
 * What events refer to by number. Ids count from 1; 0 stands for "none" and for the empty string.
 * Rows are only ever appended, and the hash covers them in that order.
 */
export class Tables {
  readonly strings: string[] = ['']
  readonly objectTypes: number[] = [0]
  readonly objectNames: number[] = [0]
  readonly objectParents: number[] = [0]
  readonly contexts = new Map<number, ContextInfo>()
  readonly files = new Map<number, FileInfo>()
  readonly hash = new RunningHash()
  readonly #ids = new Map<string, number>([['', 0]])

  intern(text: string): number {
    let id = this.#ids.get(text)
    if (id === undefined) {
      id = this.strings.length
      this.strings.push(text)
      this.#ids.set(text, id)
      this.hash.text(text)
    }
    return id
  }

  /** Id of a string that is already there, or -1. */
  find(text: string): number {
    return this.#ids.get(text) ?? -1
  }

  addObject(type: string, name: string, parent: number): number {
    const id = this.objectTypes.length
    const t = this.intern(type)
    const n = this.intern(name)
    this.objectTypes.push(t)
    this.objectNames.push(n)
    this.objectParents.push(parent)
    this.hash.word(t)
    this.hash.word(n)
    this.hash.word(parent)
    return id
  }

  addContext(id: number, info: ContextInfo): void {
    this.contexts.set(id, info)
    this.hash.word(id)
    this.hash.text(info.kind)
    this.hash.text(info.comm)
    for (const n of [info.pid, info.prio, info.cpu, info.tgid]) this.hash.word(n)
  }

  addFile(index: number, info: FileInfo): void {
    this.files.set(index, info)
    this.hash.word(index)
    this.hash.text(info.path)
    this.hash.word(info.module)
  }

  get objectCount(): number {
    return this.objectTypes.length - 1
  }

  objectType(id: number): string {
    return this.strings[this.objectTypes[id] ?? 0]!
  }

  objectName(id: number): string {
    return this.strings[this.objectNames[id] ?? 0]!
  }
}
