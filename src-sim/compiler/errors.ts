/** What is wrong with a lab file, in one sentence that says what to do. */
export interface CompileError {
  path: string
  /** From 1. */
  line: number
  /** From 1. */
  column: number
  message: string
}

export interface CompileErrors {
  errors: CompileError[]
}

/** Collects the errors of one file, in source order. */
export class Problems {
  readonly path: string
  readonly #errors: CompileError[] = []

  constructor(path: string) {
    this.path = path
  }

  /** `at` is a node as the parser made it; made-up nodes carry no location and are not reported. */
  add(at: { loc?: SourceStart | null }, message: string): void {
    if (!at.loc) return
    const { line, column } = at.loc.start
    this.#errors.push({ path: this.path, line, column: column + 1, message })
  }

  get any(): boolean {
    return this.#errors.length > 0
  }

  list(): CompileError[] {
    return this.#errors.sort((a, b) => a.line - b.line || a.column - b.column)
  }
}

interface SourceStart {
  start: { line: number; column: number }
}

/** Turns what the parser throws into an error of ours; anything else is not a syntax error. */
export function syntaxError(path: string, thrown: unknown): CompileError {
  const error = thrown as { message?: string; loc?: { line: number; column: number } }
  if (!error.loc) throw thrown
  const what = (error.message ?? '')
    .split('\n')[0]!
    .replace(/^.*?\.ts: /, '')
    .replace(/ \(\d+:\d+\)$/, '')
    .replace(/\.$/, '')
  const { line, column } = error.loc
  return { path, line, column: column + 1, message: `This is not TypeScript: ${sentence(what)}` }
}

function sentence(what: string): string {
  return what.endsWith('?') ? what : `${what}.`
}
