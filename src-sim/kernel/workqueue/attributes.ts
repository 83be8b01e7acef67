import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { removeDirectory, sysfs, type SysfsOps } from '../base/sysfs'
import { EINVAL } from '../errno'
import { warn } from '../printk/warn'
import { ORDERED, WQ_UNBOUND, type workqueue_struct } from './structs'
import { workqueues } from './workqueues'

const MIN_NICE = -20
const MAX_NICE = 19

/** What the workers of an unbound queue are like. */
export class workqueue_attrs extends KernelObject {
  nice = 0
  cpumask = 0
  affn_scope = 0
  affn_strict = false
  ordered = false
}

const everywhere = (): number => (1 << machine().cpus.length) - 1

const attributesOf = (wq: workqueue_struct): { nice: number; cpumask: number } =>
  wq.$queues[0]?.pool.attributes ?? {
    nice: wq.$queues[0]?.pool.highpri ? MIN_NICE : 0, cpumask: everywhere(),
  }

/** 0, or -EINVAL for a queue that is bound to CPUs. */
export function applyAttributes(
  wq: workqueue_struct, attrs: { nice: number; cpumask: number },
): number {
  const m = machine()
  if (!(wq.flags & WQ_UNBOUND)) {
    warn(m, 'wq-attrs-bound', 'kernel/workqueue.c at apply_workqueue_attrs_locked', null)
    return -EINVAL
  }
  const allowed = attrs.cpumask & everywhere()
  const pool = workqueues(m).poolWith(attrs.nice, allowed === 0 ? everywhere() : allowed)
  workqueues(m).moveTo(wq, pool)
  return 0
}

/** How many items of each of its queues may run at a time, and starts those that may now. */
export function setMaxActive(wq: workqueue_struct, max: number): void {
  wq.$maxActive = max
  const all = workqueues(machine())
  for (const pwq of wq.$queues) {
    while (pwq.inactive.length > 0 && all.hasRoom(pwq)) all.activate(pwq.inactive.shift()!)
    all.kick(pwq.pool)
  }
}

const numberIn = (text: string): number | null => {
  const match = /^\s*([-+]?\d+)/.exec(text)
  return match ? Number(match[1]) : null
}

const show = (text: () => string | number) =>
  function* (): Sim<string> {
    yield* []
    return `${text()}\n`
  }
const store = (take: (text: string) => boolean) =>
  function* (text: string): Sim<number> {
    yield* []
    return take(text) ? text.length : -EINVAL
  }

function files(wq: workqueue_struct): [string, SysfsOps][] {
  const unbound = (wq.flags & WQ_UNBOUND) !== 0
  const apply = (change: { nice?: number; cpumask?: number }): boolean =>
    applyAttributes(wq, { ...attributesOf(wq), ...change }) === 0
  const all: [string, SysfsOps][] = [
    ['per_cpu', { show: show(() => (unbound ? 0 : 1)) }],
    ['max_active', {
      show: show(() => wq.$maxActive),
      store: store((text) => {
        const max = numberIn(text)
        if (max === null || max <= 0) return false
        setMaxActive(wq, max)
        return true
      }),
    }],
  ]
  if (!unbound) return all
  return [...all, ['nice', {
    show: show(() => attributesOf(wq).nice),
    store: store((text) => {
      const nice = numberIn(text)
      return nice !== null && nice >= MIN_NICE && nice <= MAX_NICE && apply({ nice })
    }),
  }], ['cpumask', {
    show: show(() => attributesOf(wq).cpumask.toString(16)),
    store: store((text) => {
      const mask = /^[0-9a-f]+\n?$/i.test(text) ? parseInt(text, 16) : 0
      return mask !== 0 && apply({ cpumask: mask })
    }),
  }]]
}

const directoryOf = (wq: workqueue_struct): string => `/devices/virtual/workqueue/${wq.name}`

/** Shows the queue under /sys/bus/workqueue/devices. 0 or -EINVAL. */
export function showQueue(wq: workqueue_struct): number {
  if (wq.flags & ORDERED) {
    warn(machine(), 'wq-sysfs-ordered', 'kernel/workqueue.c at workqueue_sysfs_register', null)
    return -EINVAL
  }
  const tree = sysfs(machine())
  const directory = tree.ensureDirectory(directoryOf(wq))
  for (const [name, ops] of files(wq)) tree.createFile(directory, name, ops)
  tree.createLink(tree.ensureDirectory('/bus/workqueue/devices'), wq.name, directory)
  wq.$shown = true
  return 0
}

export function* hideQueue(wq: workqueue_struct): Sim {
  if (!wq.$shown) return
  wq.$shown = false
  const tree = sysfs(machine())
  tree.removeLink(tree.ensureDirectory('/bus/workqueue/devices'), wq.name)
  yield* removeDirectory(tree.ensureDirectory(directoryOf(wq)))
}
