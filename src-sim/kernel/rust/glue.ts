import { machine } from '../../engine/current'
import { fileOf, type Position } from '../../engine/position'

/**
 * Code that Rust generates for a type is part of the module that the type was used in. `textHere`
 * remembers that module; `enterText` is such code being run: fatal when the module is gone.
 */
export const textHere = (): Position => machine().runtime.p

/** What follows runs as generic code of that module: its allocations are the module's. */
export function actAs(place: Position): void {
  machine().runtime.p = place
}

export function enterText(place: Position): void {
  const { runtime } = machine()
  if (runtime.dead[fileOf(place)] !== 0) runtime.unloaded(place)
}
