import { compileFile, isCompiled, type CompiledFile } from '../../src-sim/compiler'
import { load, MiniRuntime } from '../sim/compiler/mini-runtime'

/** One measurement beside what it may cost. */
export interface Figure {
  name: string
  figure: number
  unit: string
  budget: number
}

/** CPU time in milliseconds: what other programs do at the same time does not count. */
function cpuMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

function best(rounds: number, measure: () => number): number {
  let least = Infinity
  for (let i = 0; i < rounds; i++) least = Math.min(least, measure())
  return least
}

/** A driver of `lines` lines that looks like one: state, interrupts, work, file operations. */
export function driverText(lines: number): string {
  const part = (n: number): string => `
class ring_${n} { head = 0; tail = 0; entries: number[] = []; lock = new spinlock_t(); irq = 0 }

function ring_${n}_push(ring: ring_${n}, value: number): number {
  spin_lock(ring.lock)
  if (ring.head - ring.tail >= 16) {
    spin_unlock(ring.lock)
    return -ENOSPC
  }
  ring.entries[ring.head % 16] = value
  ring.head++
  spin_unlock(ring.lock)
  return 0
}

function ring_${n}_irq(irq: number, ring: ring_${n}): number {
  let handled = 0
  while (ring.tail < ring.head) {
    const value = ring.entries[ring.tail++ % 16]
    if (value === undefined) break
    handled += value?.valueOf() ?? 0
  }
  return handled ? IRQ_HANDLED : IRQ_NONE
}

const ring_${n}_ops = {
  open: (file: { private_data: unknown }) => { file.private_data = new ring_${n}(); return 0 },
  release: (ring: ring_${n}) => [1, 2, 3].map((x) => ring_${n}_push(ring, x)).some((err) => err < 0),
}
`
  let text = `import { spinlock_t, spin_lock, spin_unlock } from 'linux/spinlock'
import { IRQ_HANDLED, IRQ_NONE } from 'linux/interrupt'
import { ENOSPC } from 'linux/errno'
`
  for (let n = 0; text.split('\n').length < lines; n++) text += part(n)
  return text
}

function compiled(text: string): CompiledFile {
  const result = compileFile({ path: 'driver.ts', text, index: 1, kind: 'driver' })
  if (!isCompiled(result)) throw new Error(JSON.stringify(result.errors))
  return result
}

export function compileTime(): Figure {
  const text = driverText(300)
  for (let i = 0; i < 8; i++) compiled(text)
  const figure = best(8, () => cpuMs(() => void compiled(text)))
  return { name: 'compile a 300-line driver, warm', figure, unit: 'ms', budget: 100 }
}

/** Runs `main(n)` of compiled code, less the same loop without the work. */
function perTurn(body: string, empty: string, helpers = ''): number {
  const turns = 400_000
  const time = (work: string): number => {
    const runtime = new MiniRuntime({ fuel: 1e9 })
    const text = `${helpers}
export function main(n: number) { const o = { x: 1, y: { z: 2 } }; let s = 0; for (let i = 0; i < n; i++) { ${work} } return s + o.x }`
    const { main } = load(compiled(text), runtime)
    runtime.run(main as () => unknown, turns)
    return best(5, () => cpuMs(() => void runtime.run(main as () => unknown, turns)))
  }
  return ((time(body) - time(empty)) * 1e6) / turns
}

export function memberCheck(): Figure {
  const reads = 8
  const one = 's += o.x; '
  const figure = perTurn(one.repeat(reads), 's += i; '.repeat(reads)) / reads
  return { name: 'checked member access', figure, unit: 'ns', budget: 4 }
}

export function callCost(): Figure {
  const figure = perTurn('s += f(o)', 's += i', 'function f(o: { x: number }) { return o.x }')
  return { name: 'call of a lab function', figure, unit: 'ns', budget: 140 }
}

/** The generator's own part of a resume: a loop that suspends at each turn. */
export function resumeCost(): Figure {
  const turns = 400_000
  const runtime = new MiniRuntime({ fuel: 0 })
  const { main } = load(compiled('export function main(n: number) { let s = 0; for (let i = 0; i < n; i++) s += i; return s }'), runtime)
  runtime.run(main as () => unknown, turns)
  const figure = (best(5, () => cpuMs(() => void runtime.run(main as () => unknown, turns))) * 1e6) / turns
  return { name: 'suspend and resume', figure, unit: 'ns', budget: 80 }
}

export const compilerFigures = (): Figure[] => [compileTime(), memberCheck(), callCost(), resumeCost()]
