import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { fault_injected } from '../../trace/events'
import { emit } from '../emit'
import { resolveFrame, takeStack } from '../report'

interface Place {
  file: string
  line: number
}

/**
 * Makes the Nth call that can fail do so: the way to walk every error path of a driver. All kinds
 * of such calls are counted together, as far as a driver made them; what the kernel allocates for
 * itself never fails.
 */
export class FaultInjection {
  /** 1 = the first call; 0 = off. */
  failAt = 0
  /** Calls met so far while it is on. */
  calls = 0
  /** What was made to fail, and where the driver called it. */
  failed: ({ call: string } & Place) | null = null

  /** Calls by name of which the next one is to fail, besides the counted one. */
  readonly #next = new Set<string>()

  failNext(call: string): void {
    this.#next.add(call)
  }

  shouldFail(call: string): boolean {
    const asked = this.#next.has(call)
    const counting = this.failAt !== 0 && this.failed === null
    const caller = asked || counting ? driverPlace() : null
    if (caller === null) return false
    const reached = counting && ++this.calls === this.failAt
    if (reached) this.failed = { call, ...caller }
    else if (!asked) return false
    this.#next.delete(call)
    emit(fault_injected, call, this.calls)
    return true
  }
}

/** Where the innermost function of a driver is that is being executed. */
function driverPlace(): Place | null {
  const m = machine()
  for (const raw of takeStack(m).frames) {
    const { module, file, line } = resolveFrame(m, raw)
    if (module !== null && file !== null) return { file, line }
  }
  return null
}

export const faultInjection = service(() => new FaultInjection())
