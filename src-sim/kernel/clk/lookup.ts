import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { clocks, clk_hw, ClockCore, registerClock } from './core'

/** Which clock a device means by which name. Null stands for any. */
interface Lookup {
  readonly device: string | null
  readonly id: string | null
  readonly core: ClockCore
}

const lookups = service(() => [] as Lookup[])

export function addLookup(core: ClockCore, id: string | null, device: string | null): void {
  lookups(machine()).push({ core, id, device })
}

export function removeLookups(core: ClockCore): void {
  const all = lookups(machine())
  for (let i = all.length - 1; i >= 0; i--) if (all[i]!.core === core) all.splice(i, 1)
}

/** The best fit: the device counts more than the name of the connection. */
export function findClock(device: string | null, id: string | null): ClockCore | null {
  let best: Lookup | null = null
  let bestScore = -1
  for (const entry of lookups(machine())) {
    if (entry.device !== null && entry.device !== device) continue
    if (entry.id !== null && entry.id !== id) continue
    const score = (entry.device === null ? 0 : 2) + (entry.id === null ? 0 : 1)
    if (score <= bestScore) continue
    best = entry
    bestScore = score
  }
  return best?.core ?? null
}

/** A clock of the board: always on, of a fixed rate. */
export function addBoardClock(device: string, id: string, rate: number): void {
  const hw = new clk_hw()
  hw.init = { name: `${device}-${id}`, ops: { recalc_rate: () => rate } }
  machine().runtime.atomic(registerClock(null, hw, null))
  addLookup(clocks(machine()).byName.get(hw.init.name)!, id, device)
}
