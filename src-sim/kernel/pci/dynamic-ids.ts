import { hidden } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { EEXIST, EINVAL, ENODEV } from '../errno'
import { attachDriver } from '../base/attach'
import type { attribute_group } from '../base/attributes'
import type { device_driver, driver_attribute } from '../base/device'
import { PCI_ANY_ID, type pci_device_id, type pci_driver } from './pci-dev'

/** Ids that a driver gets while it is loaded: the files `new_id` and `remove_id`. */

export function* addDynamicId(drv: pci_driver, id: pci_device_id): Sim<number> {
  drv.$newIds.push(id)
  yield* attachDriver(drv.driver)
  return 0
}

const driverOf = (core: device_driver): pci_driver => hidden(core).$parent as pci_driver

/** Up to seven numbers in base 16; null when the text is none of that. */
function readFields(text: string): number[] | null {
  const words = text.trim().split(/\s+/)
  if (words.length < 2 || words.length > 7) return null
  const fields = words.map((w) => (/^(0x)?[0-9a-f]+$/i.test(w) ? parseInt(w, 16) : NaN))
  return fields.some(Number.isNaN) ? null : fields
}

const sameDevice = (a: pci_device_id, b: pci_device_id): boolean =>
  a.vendor === b.vendor && a.device === b.device

/** Data of a new id must be some entry's own, so that `probe` knows what it means. */
function* storeNewId(core: device_driver, text: string): Sim<number> {
  const drv = driverOf(core)
  const fields = readFields(text)
  if (!fields) return -EINVAL
  const [vendor, device, subvendor = PCI_ANY_ID, subdevice = PCI_ANY_ID] = fields
  const [, , , , cls = 0, class_mask = 0, driver_data = 0] = fields
  const id = { vendor: vendor!, device: device!, subvendor, subdevice, class: cls, class_mask }
  if (fields.length < 7 && drv.id_table.some((own) => sameDevice(own, id))) return -EEXIST
  const { id_table } = drv
  const known = id_table.some((own) => (own.driver_data ?? 0) === driver_data)
  if (id_table.length > 0 && !known) return -EINVAL
  const error = yield* addDynamicId(drv, { ...id, driver_data })
  return error || text.length
}

function storeRemoveId(core: device_driver, text: string): number {
  const fields = readFields(text)
  if (!fields) return -EINVAL
  const ids = driverOf(core).$newIds
  const at = ids.findIndex((id) => id.vendor === fields[0] && id.device === fields[1])
  if (at < 0) return -ENODEV
  ids.splice(at, 1)
  return text.length
}

const file = (
  name: string,
  store: (core: device_driver, text: string) => number | Sim<number>,
): driver_attribute => ({
  attr: { name, mode: 0o200 },
  store: store as unknown as NonNullable<driver_attribute['store']>,
})

/** What every PCI driver has in sysfs. */
export const DRIVER_FILES: readonly attribute_group[] = [
  { attrs: [file('new_id', storeNewId), file('remove_id', storeRemoveId)] },
]
