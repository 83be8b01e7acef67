import type { Sim } from '../../engine/suspend'
import { ENODEV, EOPNOTSUPP } from '../errno'
import { newIoas, withIoas, type Ioas } from './ioas'
import { finalizeObject, getObject, putObject, type iommufd_ctx } from './objects'
import type { Ucmd } from './ucmd'

/** The address space that VFIO's old interface works with: IOMMU_VFIO_IOAS. */

export const IOMMU_VFIO_IOAS_GET = 0
export const IOMMU_VFIO_IOAS_SET = 1
export const IOMMU_VFIO_IOAS_CLEAR = 2

/** It, kept until `putObject`; or -ENODEV. */
export function compatIoas(ictx: iommufd_ctx): Ioas | number {
  const ioas = ictx.vfioIoas
  if (!ioas) return -ENODEV
  const got = getObject(ictx, ioas.id, 'ioas')
  return typeof got === 'number' ? -ENODEV : (got as Ioas)
}

/** Makes one for a context that has none. 0 or -errno. */
export function createCompatIoas(ictx: iommufd_ctx): number {
  if (ictx.vfioIoas) return 0
  const ioas = newIoas(ictx)
  if (typeof ioas === 'number') return ioas
  ictx.vfioIoas = ioas
  finalizeObject(ioas)
  return 0
}

export function* vfioIoas(ucmd: Ucmd): Sim<number> {
  const { cmd, ictx, respond } = ucmd
  if (cmd['__reserved']) return -EOPNOTSUPP
  if (cmd['op'] === IOMMU_VFIO_IOAS_GET) {
    const ioas = compatIoas(ictx)
    if (typeof ioas === 'number') return ioas
    cmd['ioas_id'] = ioas.id
    putObject(ioas)
    return respond()
  }
  if (cmd['op'] === IOMMU_VFIO_IOAS_SET)
    return yield* withIoas(ucmd, cmd['ioas_id'], function* (ioas) {
      ictx.vfioIoas = ioas
      return 0
    })
  if (cmd['op'] !== IOMMU_VFIO_IOAS_CLEAR) return -EOPNOTSUPP
  ictx.vfioIoas = null
  return 0
}
