import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { point, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EBUSY, EINVAL, ENOMEM } from '../errno'
import { allocate, slab } from '../mm/slab'
import { memoryAccess } from '../mm/watch'
import { faultInjection } from '../mm/fault-injection'
import { initKobject, kobject, getKobject, getKobjectUnlessZero, putKobject } from '../base/kobject'
import { modulePut, tryModuleGet, type module } from '../base/module'
import type { RefOwner } from '../locking/ref-ledger'
import type { inode } from './devnodes'
import type { file_operations } from './file'

/** A character device: a range of numbers and what to do when one is opened. */
export class cdev extends KernelObject {
  kobj = new kobject()
  owner: module | null = null
  ops: file_operations | null = null
  dev = 0
  count = 0
  /** @internal Inodes that remember this device. */
  readonly $inodes = new Set<inode>()

  constructor() {
    super()
    this.kobj.$parent = this
    this.kobj.$field = 'kobj'
  }
}

interface Region {
  first: number
  count: number
  name: string
}

/** Device numbers: who has reserved them, and what opens them. */
class CharDevices {
  readonly map = new Map<number, cdev>()
  readonly regions: Region[] = []
}

export const charDevices = service(() => new CharDevices())

export const MINORS = 0x100000
const FIRST_DYNAMIC_MAJOR = 234
const LAST_DYNAMIC_MAJOR = 254

const overlaps = (a: Region, first: number, count: number): boolean =>
  a.first < first + count && first < a.first + a.count

export function registerRegion(first: number, count: number, name: string): number {
  const { regions } = charDevices(machine())
  if (regions.some((r) => overlaps(r, first, count))) return -EBUSY
  regions.push({ first, count, name })
  return 0
}

/** Dynamic majors are handed out from 254 downwards. The first number, or -errno. */
export function allocRegion(baseMinor: number, count: number, name: string): number {
  if (faultInjection(machine()).shouldFail('alloc_chrdev_region')) return -EBUSY
  const { regions } = charDevices(machine())
  for (let major = LAST_DYNAMIC_MAJOR; major >= FIRST_DYNAMIC_MAJOR; major--) {
    if (regions.some((r) => Math.floor(r.first / MINORS) === major)) continue
    const first = major * MINORS + baseMinor
    regions.push({ first, count, name })
    return first
  }
  return -EBUSY
}

export function unregisterRegion(first: number, count: number): void {
  const { regions } = charDevices(machine())
  const at = regions.findIndex((r) => r.first === first && r.count === count)
  if (at >= 0) regions.splice(at, 1)
}

export const findCdev = (dev: number): cdev | null => charDevices(machine()).map.get(dev) ?? null

/** Why a cdev holds the device around it. */
const PARENT = 'cdev inside'

const CDEV_TYPE = {
  release: ((kobj: kobject) => releaseCdev(kobj)) as unknown as (kobj: kobject) => void,
}

/** The last reference: inodes forget it, and what it kept alive is let go (DM-72, DM-73). */
function* releaseCdev(kobj: kobject): Sim {
  const c = kobj.$parent as cdev
  for (const node of c.$inodes) if (node.i_cdev === c) node.i_cdev = null
  c.$inodes.clear()
  const { parent } = kobj
  kobj.parent = null
  yield* putKobject(parent, { holder: c, why: PARENT })
}

/** The memory is the cdev's own, and goes with the last reference. */
const DYNAMIC_CDEV_TYPE = {
  release: (function* (kobj: kobject): Sim {
    yield* releaseCdev(kobj)
    slab(machine()).free(kobj.$parent as cdev)
  }) as unknown as (kobj: kobject) => void,
}

/** `cdev_alloc`: null when there is no memory. */
export function allocCdev(): cdev | null {
  const c = allocate(cdev, true)
  if (c) initKobject(c.kobj, DYNAMIC_CDEV_TYPE)
  return c
}

export function initCdev(c: cdev, ops: file_operations): void {
  c.kobj.state_initialized = false
  initKobject(c.kobj, CDEV_TYPE)
  c.ops = ops
}

/** What a driver asks for, so that it may be refused. */
export function addCdev(c: cdev, dev: number, count: number): number {
  if (dev < 0 || count <= 0) return -EINVAL
  if (faultInjection(machine()).shouldFail('cdev_add')) return -ENOMEM
  mapCdev(c, dev, count)
  return 0
}

/** DM-71: live from the first number on. */
export function mapCdev(c: cdev, dev: number, count: number): void {
  c.dev = dev
  c.count = count
  getKobject(c.kobj.parent, { holder: c, why: PARENT })
  for (let i = 0; i < count; i++) charDevices(machine()).map.set(dev + i, c)
  emit(ev.cdev_add, c, c.kobj.name ?? '', dev, c.owner)
}

/** DM-72: no new opens by number; files that are open keep the cdev and all its operations. */
export function* deleteCdev(c: cdev): Sim {
  const { map } = charDevices(machine())
  yield point(deleteCdev, c)
  for (let i = 0; i < c.count; i++) if (map.get(c.dev + i) === c) map.delete(c.dev + i)
  emit(ev.cdev_del, c, c.owner)
  yield* putKobject(c.kobj, 'creator')
}

/** False when it, or the module it belongs to, is on its way out. */
export function cdevGet(c: cdev, by: RefOwner): boolean {
  memoryAccess(machine()).touch(c, 'owner', false)
  const owner = c.owner
  if (!tryModuleGet(owner, by)) return false
  if (getKobjectUnlessZero(c.kobj, by)) return true
  modulePut(owner, by)
  return false
}

export function* cdevPut(c: cdev, by: RefOwner): Sim {
  memoryAccess(machine()).touch(c, 'owner', false)
  const { owner } = c
  yield* putKobject(c.kobj, by)
  modulePut(owner, by)
}
