import { machine } from '../../engine/current'
import { kernelFrame } from '../../kernel/api'
import { readyIommu } from '../../kernel/iommu/register'
import type { Sim } from '../../engine/suspend'

/** Exports a function that looks at devices: those of the board have been found by then. */
export const iommuCall = <Args extends unknown[], Result>(
  name: string,
  f: (...args: Args) => Sim<Result>,
): ((...args: Args) => Result) =>
  kernelFrame(name, (...args: Args) => {
    readyIommu(machine())
    return f(...args)
  })

/** The same for functions that cannot suspend. */
export const whenReady = <Args extends unknown[], Result>(
  f: (...args: Args) => Result,
): ((...args: Args) => Result) => (...args) => {
  readyIommu(machine())
  return f(...args)
}
