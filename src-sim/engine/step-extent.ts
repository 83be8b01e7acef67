import type { Exec } from './exec'
import type { Footprint } from './footprint'
import type { Sim } from './suspend'

/** What is known about the code that a context is in the middle of. */
interface Extent {
  /** Lab code and at most one confined kernel function: anything else may touch everything. */
  bounded: boolean
  /** What the kernel function in progress is confined to. */
  object: object | null
  writes: boolean
  /** The outermost of the lab's frames above the kernel's: while it is there, nobody returned. */
  frame: Sim<unknown> | null
  depth: number
}

/** Tells for each step what it touches beyond what it announces itself. */
export class StepExtents {
  readonly #footprint: Footprint
  readonly #extents = new WeakMap<Exec, Extent>()

  constructor(footprint: Footprint) {
    this.#footprint = footprint
  }

  /** The context is about to go on. */
  begin(exec: Exec): void {
    const footprint = this.#footprint
    const { operation, object, field } = exec
    if (exec.fromLab) this.#extents.set(exec, calling(exec, footprint))
    else if (operation === null && field !== '') {
      footprint.access(object as object, field, exec.write)
      this.#extents.set(exec, { ...LAB_CODE, ...labFrame(exec) })
    }
    const extent = this.#extents.get(exec)
    if (extent?.bounded !== true) footprint.everything()
    else if (extent.object !== null) footprint.touch(extent.object, extent.writes)
    footprint.something()
    footprint.touch(exec, true)
  }

  /** It has come to its next suspension, or its end. */
  end(exec: Exec): void {
    const extent = this.#extents.get(exec)
    // No frame of the kernel is left to go on, and nobody waits for the end.
    if (exec.finished && extent?.depth === 0 && exec.onExit === null && !exec.died) return
    if (extent === undefined || exec.frames[extent.depth] !== extent.frame) {
      this.#extents.delete(exec)
      this.#footprint.everything()
    }
  }
}

const LAB_CODE = { bounded: true, object: null, writes: false }
const ANYTHING = { bounded: false, object: null, writes: false }

function calling(exec: Exec, { confined }: Footprint): Extent {
  const { operation, object } = exec
  const what = operation === null ? undefined : confined.get(operation)
  const frame = labFrame(exec)
  if (what === 'sleeps') return { bounded: true, object: confined, writes: true, ...frame }
  if (what === undefined || typeof object !== 'object' || object === null)
    return { ...ANYTHING, ...frame }
  return { bounded: true, object, writes: what === 'writes', ...frame }
}

function labFrame({ frames, names }: Exec): { frame: Sim<unknown> | null; depth: number } {
  let depth = frames.length - 1
  while (depth > 0 && names[depth - 1] === '') depth--
  return { frame: frames[depth] ?? null, depth }
}
