import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { ENOIOCTLCMD } from '../errno'
import { getFile, putFile, type file, type file_operations } from '../fs/file'
import { miscdevice, registerMisc } from '../fs/misc'
import { changeProcess } from './change-process'
import { getDirtyBitmap, setDirtyTracking } from './dirty'
import { faultAlloc } from './fault'
import { hwptAlloc } from './hwpt'
import { getHwInfo } from './hw-info'
import { allowIovas, ioasAlloc, ioasCopy, ioasUnmap, iovaRanges, option } from './ioas'
import { ioasMap, ioasMapFile } from './map'
import { destroyAll, iommufd_ctx, removeById } from './objects'
import { CALLS, IOMMUFD_TYPE, type CallName } from './uapi'
import { readCommand, type Ucmd } from './ucmd'
import { vfioIoas } from './vfio-ioas'
import { veventqAlloc } from './veventq'
import { hwptInvalidate, hwQueueAlloc, vdeviceAlloc, viommuAlloc } from './viommu'

/** /dev/iommu: drivers/iommu/iommufd/main.c. */

const HANDLERS: Readonly<Record<CallName, (ucmd: Ucmd) => Sim<number>>> = {
  IOMMU_DESTROY: ({ ictx, cmd }) => removeById(ictx, cmd['id']),
  IOMMU_IOAS_ALLOC: ioasAlloc,
  IOMMU_IOAS_ALLOW_IOVAS: allowIovas,
  IOMMU_IOAS_COPY: ioasCopy,
  IOMMU_IOAS_IOVA_RANGES: iovaRanges,
  IOMMU_IOAS_MAP: ioasMap,
  IOMMU_IOAS_UNMAP: ioasUnmap,
  IOMMU_OPTION: option,
  IOMMU_VFIO_IOAS: vfioIoas,
  IOMMU_HWPT_ALLOC: hwptAlloc,
  IOMMU_GET_HW_INFO: getHwInfo,
  IOMMU_HWPT_SET_DIRTY_TRACKING: setDirtyTracking,
  IOMMU_HWPT_GET_DIRTY_BITMAP: getDirtyBitmap,
  IOMMU_HWPT_INVALIDATE: hwptInvalidate,
  IOMMU_FAULT_QUEUE_ALLOC: faultAlloc,
  IOMMU_IOAS_MAP_FILE: ioasMapFile,
  IOMMU_VIOMMU_ALLOC: viommuAlloc,
  IOMMU_VDEVICE_ALLOC: vdeviceAlloc,
  IOMMU_IOAS_CHANGE_PROCESS: changeProcess,
  IOMMU_VEVENTQ_ALLOC: veventqAlloc,
  IOMMU_HW_QUEUE_ALLOC: hwQueueAlloc,
}

const BY_NUMBER = new Map(
  (Object.keys(CALLS) as CallName[]).map((name) => [CALLS[name][0] as number, name]),
)

const numberOf = (cmd: number): number => cmd & 0xff
/** None of the calls says its direction or size. */
const encodingOf = (nr: number): number => (IOMMUFD_TYPE.charCodeAt(0) << 8) | nr

/** IOMMUFD-02. */
function* ioctl(f: file, cmd: number, arg: unknown): Sim<number> {
  const name = BY_NUMBER.get(numberOf(cmd))
  if (!name) return -ENOIOCTLCMD
  const ucmd = readCommand(f.private_data as iommufd_ctx, name, arg)
  if (encodingOf(numberOf(cmd)) !== cmd) return -ENOIOCTLCMD
  return typeof ucmd === 'number' ? ucmd : yield* HANDLERS[name](ucmd)
}

function* release(_node: unknown, f: file): Sim<number> {
  yield* destroyAll(f.private_data as iommufd_ctx)
  return 0
}

export const IOMMUFD_OPERATIONS: file_operations = {
  open(_node, f) {
    f.private_data = new iommufd_ctx(f)
    return 0
  },
  unlocked_ioctl: ioctl as unknown as file_operations['unlocked_ioctl'],
  release: release as unknown as file_operations['release'],
}

/** The node, made when somebody first opens it. */
export const iommufdNode = service((m) => {
  const misc = new miscdevice({ name: 'iommu', fops: IOMMUFD_OPERATIONS, mode: 0o660 })
  m.runtime.atomic(registerMisc(misc))
  return misc
})

/** The context behind an open file; null for other files. */
export const contextOf = (f: file): iommufd_ctx | null =>
  f.f_op === IOMMUFD_OPERATIONS ? (f.private_data as iommufd_ctx) : null

export const getContext = (ictx: iommufd_ctx): void => void (ictx.file && getFile(ictx.file))

export function* putContext(ictx: iommufd_ctx): Sim {
  if (ictx.file) yield* putFile(ictx.file)
}
