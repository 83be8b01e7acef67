import { PAGE_SIZE, type PhysAddr } from '../../base/units'
import { now } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { ATTR } from '../../kernel/dma/attrs'
import { DMA_TO_DEVICE } from '../../kernel/dma/direction'
import { dmaPlatform, type DmaDevice } from '../../kernel/dma/dma-device'
import { addressKind } from '../../kernel/dma/mapping'
import type { MappingUse } from '../../kernel/dma/mappings'
import { bytesOf, type scatterlist } from '../../kernel/dma/sg'
import { physicalMemory } from '../../kernel/mm/physical'
import { kernelFunction } from '../../kernel/sched/schedule'
import { takeStack } from '../../kernel/report'
import { warn } from '../../kernel/printk/warn'
import { OVERLAPS_MAX, type DmaRecord } from './records'
import { address, complain, dmaDebug } from './state'

/** What is looked at when memory is mapped. */

const FIRST_FRAMES = 5

function newRecord(machine: Machine, use: MappingUse, segments: number): DmaRecord {
  const inside = use.type === 'phy' ? 'dma_map_single' : `dma_map_${use.type}`
  const stack = takeStack(machine, now.exec, kernelFunction(inside))
  return {
    device: use.device,
    dma: use.dma,
    size: use.size,
    type: use.type,
    direction: use.direction,
    entries: use.entries,
    segments,
    phys: use.phys,
    attrs: use.attrs,
    checked: use.type === 'phy' ? false : null,
    stack: { ...stack, frames: stack.frames.slice(0, FIRST_FRAMES) },
  }
}

/** A single mapping or an allocation. */
export function recordMapping(machine: Machine, use: MappingUse, cpu: Uint8Array | null): void {
  const record = newRecord(machine, use, 0)
  if (use.attrs & ATTR.MMIO) checkResource(machine, record)
  else if (use.type === 'phy' && cpu === null) checkMemory(machine, record.device, null, record)
  if (use.attrs & ATTR.NO_KERNEL_MAPPING && use.type === 'coherent') return
  insert(machine, record)
}

/** D24: RAM that is mapped as if it were registers. */
function checkResource(machine: Machine, record: DmaRecord): void {
  if (!physicalMemory(machine).view((record.phys - (record.phys % PAGE_SIZE)) as PhysAddr, PAGE_SIZE)) return
  complain(machine, record.device, {
    what: 'ram-as-resource',
    text: `dma_map_resource called for RAM address ${address(record.phys)}`,
    rule: 'DMA-14',
    record,
    inside: 'debug_dma_map_phys',
  })
}

/** D15: memory by an address that has no page behind it. */
export function checkAddress(machine: Machine, dev: DmaDevice, cpu: Uint8Array, size: number): void {
  if (addressKind(cpu) === 'linear') return
  complain(machine, dev, {
    what: 'invalid-area',
    text: `device driver maps memory from invalid area [addr=${address(0)}] [len=${size}]`,
    rule: 'DMA-11',
    inside: 'debug_dma_map_single',
  })
}

/** D14: an entry of a list that is on a stack. */
function checkMemory(
  machine: Machine, dev: DmaDevice, sg: scatterlist | null, record: DmaRecord | null,
): void {
  if (sg === null || sg.$phys !== null || addressKind(bytesOf(sg)) !== 'vmalloc') return
  complain(machine, dev, {
    what: 'stack',
    text: `device driver maps memory from stack [probable addr=${address(0)}]`,
    rule: 'DMA-46',
    record,
    inside: 'check_for_stack',
  })
}

/** A list: every entry is looked at, every segment is recorded. */
export function recordList(
  machine: Machine, dev: DmaDevice, list: readonly scatterlist[], segments: number,
  direction: number, attrs: number,
): void {
  for (const sg of list) checkMemory(machine, dev, sg, null)
  for (const sg of list.slice(0, segments)) {
    const record = newRecord(machine, {
      device: dev, dma: sg.dma_address, size: sg.dma_length, direction, phys: sg.$phys ?? -1,
      type: 'scatter-gather', entries: list.length, attrs,
    }, segments)
    checkSegment(machine, sg, record)
    insert(machine, record)
  }
}

/** D18, D19: what the device says that it can take. */
function checkSegment(machine: Machine, sg: scatterlist, record: DmaRecord): void {
  const parms = record.device.dma_parms
  const longest = parms?.max_segment_size || 0x10000
  const say = (what: string, text: string): void =>
    complain(machine, record.device, { what, text, rule: 'DMA-08', record, inside: 'check_sg_segment' })
  if (sg.length > longest)
    say('segment-too-long', `mapping sg segment longer than device claims to support [len=${sg.length}] [max=${longest}]`)
  const boundary = parms?.segment_boundary_mask || Infinity
  const first = sg.dma_address
  const last = first + sg.dma_length - 1
  if (boundary !== Infinity && Math.floor(first / (boundary + 1)) !== Math.floor(last / (boundary + 1)))
    say('segment-across-boundary', `mapping sg segment across boundary [start=${address(first)}] [end=${address(last)}] [boundary=${address(boundary)}]`)
}

/** Adds a record, and looks whether somebody else writes to the same cache line (D17, D20). */
function insert(machine: Machine, record: DmaRecord): void {
  const state = dmaDebug(machine)
  state.records.add(record)
  if (record.direction === DMA_TO_DEVICE || record.attrs & ATTR.MMIO) return
  const there = state.lines.add(record)
  if (there.length > OVERLAPS_MAX && !state.saidOverlap) {
    state.saidOverlap = true
    const text = `DMA-API: exceeded ${OVERLAPS_MAX} overlapping mappings of cacheline ${address(state.lines.lineOf(record.phys))}`
    warn(machine, 'dma-overlaps', 'kernel/dma/debug.c at active_cacheline_inc_overlap', text, { rules: ['DMA-46'] })
  }
  if (there.length === 0 || isMuted(machine, record, there)) return
  complain(machine, record.device, {
    what: 'overlap',
    text: "cacheline tracking EEXIST, overlapping mappings aren't supported",
    rule: 'DMA-47',
    record,
    inside: 'add_dma_entry',
  })
}

/** DMA-47: on a machine whose caches need no care, never. */
function isMuted(machine: Machine, record: DmaRecord, there: readonly DmaRecord[]): boolean {
  const { coherent, bounceKmalloc } = dmaPlatform(machine)
  if (coherent || bounceKmalloc || record.attrs & ATTR.SKIP_CPU_SYNC) return true
  const agreed = ATTR.IGNORE_CACHELINES | ATTR.REQUIRE_COHERENT
  return [record, ...there].every((r) => (r.attrs & agreed) !== 0)
}
