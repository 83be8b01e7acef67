import type { Exec } from '../engine/exec'
import { operationName } from '../engine/choice-key'
import type { Machine } from '../engine/machine'
import { hidden } from '../engine/object'
import { memoryAccess } from '../kernel/mm/watch'
import { kmallocSize, slab, type Allocation } from '../kernel/mm/slab'
import { embedOffset } from '../kernel/mm/embed'
import { PAGE_CACHE_NAME } from '../kernel/mm/page-alloc'
import { PAGE_SIZE } from '../base/units'
import { hex16 } from '../kernel/printk/format'
import { report, takeStack, taskText, traceLines, type ReportStack } from '../kernel/report'
import { now } from '../engine/current'
import { taintUnreliable } from '../kernel/locking/taint'
import { attachRelatedStacks, relatedLines } from './kasan-related'
import { OwnedByDevice } from './dma/owned-by-device'
import { firstAccess } from './kasan-names'

const RULER = '=================================================================='

/**
 * The address sanitizer: every access to freed memory, outside a buffer, and every wrong free is
 * a finding in the shape that KASAN prints, with the stacks of allocation and free.
 */
export function attachKasan(machine: Machine): void {
  const memory = memoryAccess(machine)
  const allocator = slab(machine)
  allocator.poison = true
  memory.on.dead.add((object, field, write, inside) =>
    useAfterFree(machine, object, field, write, inside),
  )
  memory.on.outOfBounds.add((object, index, write) => outOfBounds(machine, object, index, write))
  allocator.on.badFree.add((object, record) => badFree(machine, object, record))
  attachRelatedStacks(machine)
  machine.beforeCall = (exec) => deadArgument(machine, exec)
}

/** A kernel function was called with a pointer into freed memory: it is the one that trips. */
function deadArgument(machine: Machine, exec: Exec): void {
  const object = exec.object
  if (object === null || typeof object !== 'object') return
  if (!isFreed(object)) return
  if ((exec.operation as { $freely?: true } | null)?.$freely) return
  useAfterFree(machine, object, '', false, firstAccess(operationName(exec.operation)))
}

/** Not only marked as a device's for the time being. */
function isFreed(object: object): boolean {
  const mark = hidden(object).$dead
  return mark !== undefined && !(mark instanceof OwnedByDevice)
}

function useAfterFree(
  machine: Machine,
  object: object,
  field: PropertyKey,
  write: boolean,
  inside = '',
): void {
  if (!isFreed(object)) return
  const record = hidden(object).$dead as Allocation
  const isBytes = ArrayBuffer.isView(object)
  const offset = isBytes ? Number(field) || 0 : embedOffset(object, field)
  const at = takeStack(machine, now.exec, inside)
  const address = record.address + offset
  const what = kindOfMemory(record)
  const size = isBytes && field !== '' ? 1 : 8
  const owner = isPages(record)
    ? pageLines(record, offset)
    : [...historyLines(machine, record), ...placeLines(record, offset)]
  report(machine, {
    kind: 'kasan.use-after-free',
    before: [RULER],
    printsAgain: true,
    title: `BUG: KASAN: ${what} in %f`,
    details: [
      `${write ? 'Write' : 'Read'} of size ${size} at addr ${hex16(address)} by task ${byWhom()}`, '',
    ],
    tail: [...owner, RULER],
    stacks: history(record),
    objects: [record.object],
    rules: ['DM-46'],
    help: 'use-after-free',
    at,
  })
  taintUnreliable(machine)
}

const isPages = (record: Allocation): boolean => record.cache === PAGE_CACHE_NAME

function kindOfMemory(record: Allocation): string {
  if (isPages(record)) return 'use-after-free'
  return record.module === '' ? 'slab-use-after-free' : 'use-after-unload'
}

/** Whole pages have no history, only what their descriptor says now. */
function pageLines(record: Allocation, offset: number): string[] {
  const pfn = Math.floor((record.physical! + offset) / PAGE_SIZE)
  return [
    '',
    'The buggy address belongs to the physical page:',
    `page: refcount:0 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0x${pfn.toString(16)}`,
    'page dumped because: kasan: bad access detected',
  ]
}

function outOfBounds(machine: Machine, object: object, index: number, write: boolean): void {
  const record = hidden(object).$alloc as Allocation | undefined
  if (!record) return
  report(machine, {
    kind: 'kasan.out-of-bounds',
    before: [RULER],
    printsAgain: true,
    title: 'BUG: KASAN: slab-out-of-bounds in %f',
    details: [
      `${write ? 'Write' : 'Read'} of size 1 at addr ${hex16(record.address + index)} by task ${byWhom()}`,
      '',
    ],
    tail: [...historyLines(machine, record), ...placeLines(record, index), RULER],
    stacks: history(record),
    objects: [record.object],
  })
  taintUnreliable(machine)
}

function badFree(machine: Machine, object: object, record: Allocation | null): void {
  const twice = record !== null && record.freed !== null && record.object === object
  report(machine, {
    kind: twice ? 'kasan.double-free' : 'kasan.invalid-free',
    before: [RULER],
    printsAgain: true,
    title: `BUG: KASAN: ${twice ? 'double-free' : 'invalid-free'} in %f`,
    details: [`Free of addr ${hex16(record?.address ?? 0)} by task ${byWhom()}`, ''],
    tail: record ? [...historyLines(machine, record), ...placeLines(record, 0), RULER] : [RULER],
    stacks: record ? history(record) : [],
    objects: [record?.object ?? object],
    at: takeStack(machine, now.exec, 'kfree'),
  })
  taintUnreliable(machine)
}

const byWhom = (): string => (now.exec ? taskText(now.exec.cpu) : 'hardware/0')

function history(record: Allocation): ReportStack[] {
  const stacks: ReportStack[] = [{ role: 'allocated', stack: record.allocated }]
  if (record.freed) stacks.push({ role: 'freed', stack: record.freed })
  return stacks
}

function historyLines(machine: Machine, record: Allocation): string[] {
  const lines = ['', `Allocated by task ${record.allocated.pid}:`]
  lines.push(...traceLines(machine, record.allocated))
  if (record.freed) {
    lines.push('', `Freed by task ${record.freed.pid}:`)
    lines.push(...traceLines(machine, record.freed))
  }
  lines.push(...relatedLines(machine, record))
  return lines
}

/** Nobody knows any more how much of a freed block was asked for: all of it is meant. */
function placeLines(record: Allocation, offset: number): string[] {
  const slot = /^kmalloc-/.test(record.cache) ? kmallocSize(record.bytes) : record.bytes
  const bytes = record.freed ? slot : record.bytes
  const end = record.address + bytes
  const inside = offset < bytes
  const where = inside
    ? `located ${offset} bytes inside of`
    : `located ${offset - bytes} bytes to the right of`
  const state = record.freed ? 'freed' : 'allocated'
  return [
    '',
    `The buggy address belongs to the object at ${hex16(record.address)}`,
    ` which belongs to the cache ${record.cache} of size ${slot}`,
    `The buggy address is ${where}`,
    ` ${state} ${bytes}-byte region [${hex16(record.address)}, ${hex16(end)})`,
  ]
}
