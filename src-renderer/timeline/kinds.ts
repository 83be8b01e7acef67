import type { Category } from '../../src-sim/trace/declare'

/** Shapes that tell kinds and categories apart without colour. */
export type Glyph = 'circle' | 'square' | 'diamond' | 'up' | 'down' | 'bar' | 'ring' | 'cross' | 'hexagon'

export interface KindInfo {
  /** One of them, and many. */
  one: string
  many: string
  /** Name of a colour token. */
  colour: string
  glyph: Glyph
}

/** What an object is for a person; the order is the order of groups in the timeline. */
export const KINDS = {
  cpu: { one: 'CPU', many: 'CPUs', colour: 'cat-8', glyph: 'square' },
  task: { one: 'task', many: 'Tasks', colour: 'cat-1', glyph: 'circle' },
  interrupt: { one: 'interrupt context', many: 'Interrupt contexts', colour: 'cat-2', glyph: 'up' },
  bus: { one: 'bus', many: 'Buses', colour: 'cat-8', glyph: 'bar' },
  device: { one: 'device', many: 'Devices', colour: 'cat-5', glyph: 'square' },
  driver: { one: 'driver', many: 'Drivers', colour: 'cat-7', glyph: 'hexagon' },
  module: { one: 'module', many: 'Modules', colour: 'cat-7', glyph: 'square' },
  work: { one: 'work item', many: 'Work items', colour: 'cat-3', glyph: 'square' },
  queue: { one: 'workqueue', many: 'Workqueues', colour: 'cat-3', glyph: 'bar' },
  timer: { one: 'timer', many: 'Timers', colour: 'cat-4', glyph: 'diamond' },
  hrtimer: { one: 'high-resolution timer', many: 'High-resolution timers', colour: 'cat-4', glyph: 'diamond' },
  irq: { one: 'interrupt', many: 'Interrupts', colour: 'cat-2', glyph: 'up' },
  lock: { one: 'lock', many: 'Locks', colour: 'cat-6', glyph: 'ring' },
  wait: { one: 'wait queue', many: 'Wait queues and completions', colour: 'cat-1', glyph: 'ring' },
  rcu: { one: 'RCU domain', many: 'RCU', colour: 'cat-5', glyph: 'ring' },
  file: { one: 'file', many: 'Files', colour: 'cat-1', glyph: 'hexagon' },
  process: { one: 'process', many: 'Processes', colour: 'cat-1', glyph: 'bar' },
  buffer: { one: 'shared buffer', many: 'Shared buffers', colour: 'cat-4', glyph: 'hexagon' },
  fence: { one: 'fence', many: 'Fences', colour: 'cat-3', glyph: 'diamond' },
  space: { one: 'address space', many: 'Address spaces', colour: 'cat-5', glyph: 'bar' },
  subscriber: { one: 'notifier', many: 'Notifiers', colour: 'cat-2', glyph: 'ring' },
  dma: { one: 'DMA mapping', many: 'DMA', colour: 'cat-6', glyph: 'down' },
  iommu: { one: 'IOMMU object', many: 'IOMMU', colour: 'cat-6', glyph: 'hexagon' },
  hardware: { one: 'device model', many: 'Hardware', colour: 'cat-2', glyph: 'hexagon' },
  memory: { one: 'allocation', many: 'Memory', colour: 'cat-8', glyph: 'circle' },
  other: { one: 'object', many: 'Other objects', colour: 'cat-8', glyph: 'ring' },
} as const satisfies Record<string, KindInfo>

export type ObjectKind = keyof typeof KINDS
export const KIND_ORDER = Object.keys(KINDS) as ObjectKind[]

/** Types are C's struct names; the first pattern that fits decides. */
const PATTERNS: readonly (readonly [RegExp, ObjectKind])[] = [
  [/^cpu$/, 'cpu'],
  [/^(task|idle|task_struct)$/, 'task'],
  [/^(softirq|hardirq|nmi)$/, 'interrupt'],
  [/^agent$/, 'hardware'],
  [/^(workqueue|workqueue_struct|worker_pool|kthread_worker)$/, 'queue'],
  [/(^|_)work(_struct)?$/, 'work'],
  [/hrtimer/, 'hrtimer'],
  [/timer/, 'timer'],
  [/tasklet|irq/, 'irq'],
  [/rcu/, 'rcu'],
  [/mmu_(interval_)?notifier/, 'subscriber'],
  [/^mm_struct$/, 'space'],
  [/iommu|iova/, 'iommu'],
  [/fence|sync_file/, 'fence'],
  [/^(dma_buf|drm_gem_object|ib_umem)/, 'buffer'],
  [/dma|sg_table|scatterlist/, 'dma'],
  [/completion|wait_queue|waitqueue/, 'wait'],
  [/lock|mutex|semaphore|rwsem/, 'lock'],
  [/^module$/, 'module'],
  [/bus(_?type)?$/i, 'bus'],
  [/driver$/, 'driver'],
  [/^(file|cdev|inode|miscdevice|vma|vm_area_struct|char_device)$/, 'file'],
  [/^process$/, 'process'],
  // Drivers call their own structures foo_dev or foo_device, so only the kernel's count.
  [/^(device|(pci|platform|auxiliary|drm|ib|usb|net|block|i2c|spi)_(dev|device|client))$/, 'device'],
]

const BY_CATEGORY: Partial<Record<Category, ObjectKind>> = { mm: 'memory', object: 'memory', hardware: 'hardware' }

export function kindOf(type: string, category?: Category): ObjectKind {
  for (const [pattern, kind] of PATTERNS) if (pattern.test(type)) return kind
  return (category && BY_CATEGORY[category]) ?? (category === undefined ? 'memory' : 'other')
}

/** Colour and shape of each category of events. */
export const CATEGORY_LOOK: Record<Category, { colour: string; glyph: Glyph }> = {
  object: { colour: 'cat-8', glyph: 'circle' },
  sched: { colour: 'cat-1', glyph: 'circle' },
  irq: { colour: 'cat-2', glyph: 'up' },
  timer: { colour: 'cat-4', glyph: 'diamond' },
  workqueue: { colour: 'cat-3', glyph: 'square' },
  lock: { colour: 'cat-6', glyph: 'ring' },
  rcu: { colour: 'cat-5', glyph: 'ring' },
  mm: { colour: 'cat-6', glyph: 'down' },
  module: { colour: 'cat-7', glyph: 'square' },
  device: { colour: 'cat-5', glyph: 'square' },
  dma: { colour: 'cat-3', glyph: 'down' },
  iommu: { colour: 'cat-3', glyph: 'hexagon' },
  hardware: { colour: 'cat-2', glyph: 'hexagon' },
  'dma-buf': { colour: 'cat-7', glyph: 'down' },
  fs: { colour: 'cat-1', glyph: 'hexagon' },
  rust: { colour: 'cat-6', glyph: 'diamond' },
  lab: { colour: 'cat-8', glyph: 'cross' },
}

interface Named {
  id: number
  type: string
  name: string
  facets?: readonly { facet: string; value: string }[]
}

/** Name of an object as it is shown: its own, its type and number, and the path of an open file. */
export function objectTitle({ id, type, name, facets }: Named): string {
  const path = facets?.find((one) => one.facet === 'open')?.value
  return name || [type, `#${id}`, path ?? ''].join(' ').trim()
}
