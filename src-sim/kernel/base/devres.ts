import { call, point, type Sim } from '../../engine/suspend'
import { devres_log } from '../../trace/events'
import { emit } from '../emit'
import type { device } from './device'

/** A managed resource: what is undone when the device loses its driver. */
export interface Devres {
  name: string
  /** What it stands for: the memory, the irq number, the action's data. */
  key: unknown
  release(): unknown
}

export function addDevres(dev: device, node: Devres): void {
  dev.$devres.push(node)
  emit(devres_log, dev, 'ADD', dev.$devres.length, node.name, 0)
}

/** Takes a resource out without releasing it; the newest match. */
export function takeDevres(dev: device, matches: (node: Devres) => boolean): Devres | null {
  for (let i = dev.$devres.length - 1; i >= 0; i--) {
    if (!matches(dev.$devres[i]!)) continue
    const [node] = dev.$devres.splice(i, 1)
    emit(devres_log, dev, 'REM', i + 1, node!.name, 0)
    return node!
  }
  return null
}

/** Releases everything, newest first (DM-41). */
export function* releaseDevres(dev: device): Sim {
  for (let node = dev.$devres.pop(); node; node = dev.$devres.pop()) {
    emit(devres_log, dev, 'REL', dev.$devres.length + 1, node.name, 0)
    yield point(releaseDevres, dev)
    const { release } = node
    yield* call(() => release())
  }
}
