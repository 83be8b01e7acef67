import { hidden } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { EINVAL, ENODEV } from '../errno'
import { attachDriver } from '../base/attach'
import type { attribute_group } from '../base/attributes'
import type { device_driver, driver_attribute } from '../base/device'
import {
  USB_DEVICE_ID_MATCH_INT_CLASS,
  USB_DEVICE_ID_MATCH_PRODUCT,
  USB_DEVICE_ID_MATCH_VENDOR,
} from './match'
import { usb_driver, type usb_device_id } from './structs'

/** Ids that a driver gets while it is loaded: the files `new_id` and `remove_id`. */

const MATCH_DEVICE = USB_DEVICE_ID_MATCH_VENDOR | USB_DEVICE_ID_MATCH_PRODUCT

const driverOf = (core: device_driver): usb_driver => hidden(core).$parent as usb_driver

function readFields(text: string): number[] | null {
  const words = text.trim().split(/\s+/)
  const fields = words.map((w) => (/^(0x)?[0-9a-f]+$/i.test(w) ? parseInt(w, 16) : NaN))
  return fields.length < 2 || fields.some(Number.isNaN) ? null : fields
}

/** With five numbers, data is taken over from the entry of a reference device. */
function* storeNewId(core: device_driver, text: string): Sim<number> {
  const drv = driverOf(core)
  const fields = readFields(text)
  if (!fields) return -EINVAL
  const [idVendor, idProduct, bInterfaceClass = 0, refVendor, refProduct] = fields
  const id: usb_device_id = {
    match_flags: MATCH_DEVICE,
    idVendor: idVendor!,
    idProduct: idProduct!,
  }
  if (fields.length > 2 && bInterfaceClass) {
    if (bInterfaceClass > 255) return -EINVAL
    id.bInterfaceClass = bInterfaceClass
    id.match_flags |= USB_DEVICE_ID_MATCH_INT_CLASS
  }
  if (fields.length > 4) {
    const same = (other: usb_device_id): boolean =>
      other.idVendor === refVendor && other.idProduct === refProduct
    const reference = drv.id_table?.find(same)
    if (!reference) return -ENODEV
    id.driver_info = reference.driver_info
  }
  drv.$newIds.push(id)
  yield* attachDriver(drv.driver)
  return text.length
}

function storeRemoveId(core: device_driver, text: string): number {
  const fields = readFields(text)
  if (!fields) return -EINVAL
  const ids = driverOf(core).$newIds
  const at = ids.findIndex((id) => id.idVendor === fields[0] && id.idProduct === fields[1])
  if (at >= 0) ids.splice(at, 1)
  return text.length
}

const file = (
  name: string,
  store: (core: device_driver, text: string) => number | Sim<number>,
): driver_attribute => ({
  attr: { name, mode: 0o200 },
  store: store as unknown as NonNullable<driver_attribute['store']>,
})

const ID_FILES: readonly attribute_group[] = [
  { attrs: [file('new_id', storeNewId), file('remove_id', storeRemoveId)] },
]

/** The files of a driver in sysfs, unless it wants none or never binds by id. */
export function addIdFiles(drv: usb_driver): void {
  if (!drv.no_dynamic_id && drv.probe) drv.driver.groups = ID_FILES
}
