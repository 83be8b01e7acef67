import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { EFAULT, ENODEV, EOPNOTSUPP } from '../errno'
import { isErr, ptrErr } from '../err'
import { IOMMU_CAP_DIRTY_TRACKING, opsOf } from '../iommu/ops'
import { capable } from './capable'
import type { iommufd_device } from './device'
import { getObject, putObject } from './objects'
import type { Ucmd } from './ucmd'

/** What hardware says about itself: IOMMU_GET_HW_INFO. */

export const IOMMU_HW_INFO_TYPE_NONE = 0
export const IOMMU_HW_INFO_FLAG_INPUT_TYPE = 1
export const IOMMU_HW_CAP_DIRTY_TRACKING = 1

/** As many bytes as the program has room for; the rest of its room is zeroed. */
function copyOut(to: unknown, room: number, data: Uint8Array): number {
  if (room === 0) return 0
  if (!(to instanceof Uint8Array)) return -EFAULT
  to.set(data.subarray(0, Math.min(room, data.length)))
  if (room > data.length) to.fill(0, data.length, Math.min(room, to.length))
  return 0
}

export function* getHwInfo(ucmd: Ucmd): Sim<number> {
  const { cmd, ictx } = ucmd
  if (cmd['flags'] & ~IOMMU_HW_INFO_FLAG_INPUT_TYPE) return -EOPNOTSUPP
  if (String(cmd['__reserved']).replace(/[0,]/g, '') !== '') return -EOPNOTSUPP
  const wanted = cmd['flags'] & IOMMU_HW_INFO_FLAG_INPUT_TYPE ? cmd['out_data_type'] : 0
  const idev = getObject(ictx, cmd['dev_id'], 'device')
  if (typeof idev === 'number') return idev
  const ret = tell(ucmd, idev as iommufd_device, wanted)
  putObject(idev)
  return ret
}

function tell({ cmd, respond }: Ucmd, { dev }: iommufd_device, wanted: number): number {
  const ask = opsOf(dev)?.hw_info
  const length = { value: 0 }
  const type = { value: wanted }
  let data = new Uint8Array(0)
  if (ask) {
    const found = machine().runtime.atomic<unknown>(ask(dev, length, type))
    if (isErr(found)) return ptrErr(found)
    if (type.value === IOMMU_HW_INFO_TYPE_NONE) return -ENODEV
    data = found as Uint8Array<ArrayBuffer>
  } else if (wanted) return -EOPNOTSUPP
  const error = copyOut(cmd['data_uptr'], cmd['data_len'], data)
  if (error) return error
  cmd['data_len'] = data.length
  cmd['out_data_type'] = ask ? type.value : IOMMU_HW_INFO_TYPE_NONE
  cmd['out_capabilities'] = capable(dev, IOMMU_CAP_DIRTY_TRACKING) ? IOMMU_HW_CAP_DIRTY_TRACKING : 0
  cmd['out_max_pasid_log2'] = Math.floor(Math.log2(dev.iommu?.max_pasids || 1))
  return respond()
}
