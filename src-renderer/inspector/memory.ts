import type { ObjectState, StateView } from '../../src-sim/trace/types'

/** Something that leads to memory, with everything that reaches memory through it. */
export interface Access {
  object: ObjectState
  /** What it goes through: the domain of a device, the file of a buffer; 0 for nothing. */
  through: number
  users: ObjectState[]
}

export interface MemoryAccess {
  /** Devices with an IOMMU domain or with memory mapped for them. */
  devices: Access[]
  /** Shared buffers with their attachments. */
  buffers: Access[]
  /** Address spaces that somebody besides their programs follows. */
  spaces: Access[]
}

/** Who reaches which memory in a state: by DMA, by sharing a buffer, by an address space. */
export function memoryAccess(view: StateView): MemoryAccess {
  const objects = new Map(view.objects.map((object) => [object.id, object]))
  const ends = (why: (text: string) => boolean, from: 'holder' | 'held'): Map<number, ObjectState[]> => {
    const to = from === 'holder' ? 'held' : 'holder'
    const found = new Map<number, ObjectState[]>()
    for (const edge of view.edges) {
      const other = why(edge.why) ? objects.get(edge[to]) : undefined
      if (other) found.set(edge[from], [...(found.get(edge[from]) ?? []), other])
    }
    return found
  }
  const is = (text: string) => (why: string): boolean => why === text
  const mappings = ends(is('dma mapping'), 'held')
  const domains = ends(is('iommu attached'), 'holder')
  const files = ends(is('file of the buffer'), 'held')
  const notifiers = ends((why) => why.endsWith(' notifier'), 'holder')
  const list = (
    wanted: (object: ObjectState) => boolean, users: (id: number) => ObjectState[], through: Map<number, ObjectState[]>,
  ): Access[] =>
    view.objects.filter(wanted).map((object) => ({
      object, through: through.get(object.id)?.[0]?.id ?? 0, users: users(object.id),
    }))
  return {
    devices: list(({ id }) => mappings.has(id) || domains.has(id), (id) => mappings.get(id) ?? [], domains),
    buffers: list(
      ({ type }) => type === 'dma_buf',
      (id) => view.objects.filter((one) => one.type === 'dma_buf_attachment' && one.parent === id),
      files,
    ),
    spaces: list(({ id }) => notifiers.has(id), (id) => notifiers.get(id) ?? [], new Map()),
  }
}
