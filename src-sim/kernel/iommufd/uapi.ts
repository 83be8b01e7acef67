/** The structures that programs pass to /dev/iommu: include/uapi/linux/iommufd.h. */

/** Members in their order, with their bytes; what is called a pointer is any object here. */
export type Layout = readonly (readonly [name: string, bytes: number, kind?: 'pointer'])[]

type Member<M> = M extends readonly [string, number, 'pointer'] ? any : number
/** A structure with this layout. */
export type Struct<L extends Layout> = {
  [M in L[number] as M[0]]: Member<M>
}

export const sizeOf = (layout: Layout): number => layout.reduce((sum, [, bytes]) => sum + bytes, 0)

/** Bytes up to and with a member. */
export function sizeUpTo(layout: Layout, last: string): number {
  let sum = 0
  for (const [name, bytes] of layout) {
    sum += bytes
    if (name === last) break
  }
  return sum
}

const head = ['size', 4] as const
const reserved = ['__reserved', 4] as const
const flags = ['flags', 4] as const
const pointer = <N extends string>(name: N) => [name, 8, 'pointer'] as const
const u32 = <N extends string>(name: N) => [name, 4] as const
const u64 = <N extends string>(name: N) => [name, 8] as const

export const LAYOUTS = {
  iommu_destroy: [head, u32('id')],
  iommu_ioas_alloc: [head, flags, u32('out_ioas_id')],
  iommu_ioas_allow_iovas: [
    head, u32('ioas_id'), u32('num_iovas'), reserved, pointer('allowed_iovas'),
  ],
  iommu_ioas_copy: [
    head, flags, u32('dst_ioas_id'), u32('src_ioas_id'), u64('length'), u64('dst_iova'),
    u64('src_iova'),
  ],
  iommu_ioas_iova_ranges: [
    head, u32('ioas_id'), u32('num_iovas'), reserved, pointer('allowed_iovas'),
    u64('out_iova_alignment'),
  ],
  iommu_ioas_map: [
    head, flags, u32('ioas_id'), reserved, u64('user_va'), u64('length'), u64('iova'),
  ],
  iommu_ioas_map_file: [
    head, flags, u32('ioas_id'), u32('fd'), u64('start'), u64('length'), u64('iova'),
  ],
  iommu_ioas_unmap: [head, u32('ioas_id'), u64('iova'), u64('length')],
  iommu_option: [
    head, u32('option_id'), ['op', 2], ['__reserved', 2], u32('object_id'), u64('val64'),
  ],
  iommu_vfio_ioas: [head, u32('ioas_id'), ['op', 2], ['__reserved', 2]],
  iommu_hwpt_alloc: [
    head, flags, u32('dev_id'), u32('pt_id'), u32('out_hwpt_id'), reserved, u32('data_type'),
    u32('data_len'), pointer('data_uptr'), u32('fault_id'), u32('__reserved2'),
  ],
  iommu_hw_info: [
    head, flags, u32('dev_id'), u32('data_len'), pointer('data_uptr'), u32('out_data_type'),
    ['out_max_pasid_log2', 1], ['__reserved', 3], u64('out_capabilities'),
  ],
  iommu_hwpt_set_dirty_tracking: [head, flags, u32('hwpt_id'), reserved],
  iommu_hwpt_get_dirty_bitmap: [
    head, u32('hwpt_id'), flags, reserved, u64('iova'), u64('length'), u64('page_size'),
    pointer('data'),
  ],
  iommu_hwpt_invalidate: [
    head, u32('hwpt_id'), pointer('data_uptr'), u32('data_type'), u32('entry_len'),
    u32('entry_num'), reserved,
  ],
  iommu_fault_alloc: [head, flags, u32('out_fault_id'), u32('out_fault_fd')],
  iommu_viommu_alloc: [
    head, flags, u32('type'), u32('dev_id'), u32('hwpt_id'), u32('out_viommu_id'),
    u32('data_len'), reserved, pointer('data_uptr'),
  ],
  iommu_vdevice_alloc: [
    head, u32('viommu_id'), u32('dev_id'), u32('out_vdevice_id'), u64('virt_id'),
  ],
  iommu_ioas_change_process: [head, reserved],
  iommu_veventq_alloc: [
    head, flags, u32('viommu_id'), u32('type'), u32('veventq_depth'), u32('out_veventq_id'),
    u32('out_veventq_fd'), reserved,
  ],
  iommu_hw_queue_alloc: [
    head, flags, u32('viommu_id'), u32('type'), u32('index'), u32('out_hw_queue_id'),
    u64('nesting_parent_iova'), u64('length'),
  ],
} as const satisfies Record<string, Layout>

export type StructName = keyof typeof LAYOUTS

/** A class of structures that are zero but for their size and what they are made with. */
export function structure<N extends StructName>(
  name: N,
): new (init?: Partial<Struct<(typeof LAYOUTS)[N]>>) => Struct<(typeof LAYOUTS)[N]> {
  const layout: Layout = LAYOUTS[name]
  const made = class {
    [member: string]: unknown
    constructor(init: object = {}) {
      for (const [member, , kind] of layout) this[member] = kind === 'pointer' ? null : 0
      this['size'] = sizeOf(layout)
      Object.assign(this, init)
    }
  }
  Object.defineProperty(made, 'name', { value: name })
  return made as never
}

export const IOMMUFD_TYPE = ';'
export const IOMMUFD_CMD_BASE = 0x80

/** What each call passes, and the last member that even the oldest program knows. */
export const CALLS = {
  IOMMU_DESTROY: [0x80, 'iommu_destroy', 'id'],
  IOMMU_IOAS_ALLOC: [0x81, 'iommu_ioas_alloc', 'out_ioas_id'],
  IOMMU_IOAS_ALLOW_IOVAS: [0x82, 'iommu_ioas_allow_iovas', 'allowed_iovas'],
  IOMMU_IOAS_COPY: [0x83, 'iommu_ioas_copy', 'src_iova'],
  IOMMU_IOAS_IOVA_RANGES: [0x84, 'iommu_ioas_iova_ranges', 'out_iova_alignment'],
  IOMMU_IOAS_MAP: [0x85, 'iommu_ioas_map', 'iova'],
  IOMMU_IOAS_UNMAP: [0x86, 'iommu_ioas_unmap', 'length'],
  IOMMU_OPTION: [0x87, 'iommu_option', 'val64'],
  IOMMU_VFIO_IOAS: [0x88, 'iommu_vfio_ioas', '__reserved'],
  IOMMU_HWPT_ALLOC: [0x89, 'iommu_hwpt_alloc', '__reserved'],
  IOMMU_GET_HW_INFO: [0x8a, 'iommu_hw_info', '__reserved'],
  IOMMU_HWPT_SET_DIRTY_TRACKING: [0x8b, 'iommu_hwpt_set_dirty_tracking', '__reserved'],
  IOMMU_HWPT_GET_DIRTY_BITMAP: [0x8c, 'iommu_hwpt_get_dirty_bitmap', 'data'],
  IOMMU_HWPT_INVALIDATE: [0x8d, 'iommu_hwpt_invalidate', '__reserved'],
  IOMMU_FAULT_QUEUE_ALLOC: [0x8e, 'iommu_fault_alloc', 'out_fault_fd'],
  IOMMU_IOAS_MAP_FILE: [0x8f, 'iommu_ioas_map_file', 'iova'],
  IOMMU_VIOMMU_ALLOC: [0x90, 'iommu_viommu_alloc', 'out_viommu_id'],
  IOMMU_VDEVICE_ALLOC: [0x91, 'iommu_vdevice_alloc', 'virt_id'],
  IOMMU_IOAS_CHANGE_PROCESS: [0x92, 'iommu_ioas_change_process', '__reserved'],
  IOMMU_VEVENTQ_ALLOC: [0x93, 'iommu_veventq_alloc', '__reserved'],
  IOMMU_HW_QUEUE_ALLOC: [0x94, 'iommu_hw_queue_alloc', 'length'],
} as const satisfies Record<string, readonly [number, StructName, string]>

export type CallName = keyof typeof CALLS
