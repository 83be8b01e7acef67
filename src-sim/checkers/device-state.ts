import type { Machine } from '../engine/machine'
import { deviceCore, type DeviceUse } from '../kernel/base/core'
import { device, type DeviceState } from '../kernel/base/device'
import { dmaMappings, type MappingType } from '../kernel/dma/mappings'
import { now } from '../engine/current'
import { report, takeStack } from '../kernel/report'
import type { RawStack } from '../engine/finding'

/** States in which a driver may use what only a bound device has. */
const BOUND: readonly DeviceState[] = ['probing', 'bound', 'unbinding']

/**
 * What Linux does not check: interfaces that need a bound device, used when it has no driver (any
 * more). They seem to work; what they set up outlives whoever would tear it down.
 */
export function attachDeviceState(machine: Machine): void {
  const left = new WeakMap<device, RawStack>()
  const wasBound = new WeakSet<device>()
  const judge = (dev: device, what: string, needs: DeviceUse): void => {
    if (allowed(dev, needs)) return
    const since = left.get(dev)
    const gone = wasBound.has(dev)
    report(machine, {
      kind: gone ? 'device.use-after-unbind' : 'device.use-unbound',
      title: `klab: device: ${what} on a device ${words(dev, gone)} in %f`,
      details: [
        `Device '${dev.$label}' is in state '${dev.$state}'; ${needs === 'binding' ? 'this needs a bound driver' : 'this needs a registered device'}.`,
      ],
      stacks: gone && since ? [{ role: 'unbound', stack: since }] : [],
      objects: [dev],
      rules: ['DM-24', 'DM-91'],
      at: takeStack(machine, now.exec, ''),
      help: 'device-states',
    })
  }
  deviceCore.whenUsed(machine, ({ on }) => {
    on.state.add((dev, state) => {
      if (state === 'bound') wasBound.add(dev)
      if (state === 'no driver' || state === 'zombie') left.set(dev, takeStack(machine))
    })
    on.use.add(judge)
  })
  dmaMappings.whenUsed(machine, ({ on }) => {
    on.map.add(({ device: dev, type }) => {
      if (dev instanceof device) judge(dev, dmaVerb(type, 'alloc', 'map'), 'binding')
    })
    on.unmap.add(({ device: dev, type }) => {
      if (dev instanceof device && wasBound.has(dev))
        judge(dev, dmaVerb(type, 'free', 'unmap'), 'binding')
    })
  })
}

const dmaVerb = (type: MappingType, coherent: string, streaming: string): string =>
  type === 'coherent' ? `dma_${coherent}_coherent` : `dma_${streaming}_single`

function allowed(dev: device, needs: DeviceUse): boolean {
  if (needs === 'registered') return dev.kobj.state_in_sysfs
  return BOUND.includes(dev.$state)
}

function words(dev: device, gone: boolean): string {
  if (!dev.kobj.state_in_sysfs) return 'that is not registered'
  return gone ? 'whose driver is gone' : 'without a driver'
}
