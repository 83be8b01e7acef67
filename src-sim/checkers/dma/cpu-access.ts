import type { Machine } from '../../engine/machine'
import { hidden } from '../../engine/object'
import { PAGE_SIZE } from '../../base/units'
import { DMA_TO_DEVICE, DIRECTIONS } from '../../kernel/dma/direction'
import { dmaMappings, type DmaMapping } from '../../kernel/dma/mappings'
import { pageMap } from '../../kernel/mm/page'
import { physicalMemory } from '../../kernel/mm/physical'
import { memoryAccess } from '../../kernel/mm/watch'
import { describeObject, report, traceLines } from '../../kernel/report'
import { OwnedByDevice } from './owned-by-device'

/** DMA-27: CPUs that use a streaming buffer between handing it over and getting it back. */

/** What the members of a buffer do to its bytes; others look at none. */
const WRITERS: readonly string[] = ['set', 'fill', 'copyWithin', 'reverse', 'sort']
const READERS: readonly string[] = ['slice', 'at', 'indexOf', 'includes', 'every', 'some', 'join']

export function watchCpuAccess(machine: Machine): void {
  const { on } = dmaMappings(machine)
  on.map.add((mapping) => mark(machine, mapping))
  on.unmap.add((_use, mapping) => {
    if (mapping) unmark(machine, mapping)
  })
  on.sync.add((mapping, forCpu) => {
    if (forCpu) unmark(machine, mapping)
    else mark(machine, mapping)
  })
  memoryAccess(machine).on.dead.add((object, field, write) => {
    const owned = hidden(object).$dead
    if (owned instanceof OwnedByDevice) judge(machine, owned, field, write)
  })
}

/** The buffers under whose names CPUs may come to the memory. */
function viewsOf(machine: Machine, mapping: DmaMapping): { view: Uint8Array; from: number }[] {
  const page = pageMap(machine).known(Math.floor(mapping.phys / PAGE_SIZE))
  const views = page?.$views ?? []
  const memory = physicalMemory(machine)
  return [mapping.cpu, ...views.filter((view) => view !== mapping.cpu)].map((view) => ({
    view,
    from: mapping.phys - (memory.addressOf(view) ?? mapping.phys),
  }))
}

function mark(machine: Machine, mapping: DmaMapping): void {
  if (mapping.type === 'coherent') return
  for (const { view, from } of viewsOf(machine, mapping)) {
    const h = hidden(view)
    if (h.$dead === undefined) h.$dead = new OwnedByDevice(mapping, from)
  }
}

function unmark(machine: Machine, mapping: DmaMapping): void {
  for (const { view } of viewsOf(machine, mapping)) {
    const h = hidden(view)
    if (h.$dead instanceof OwnedByDevice && h.$dead.mapping === mapping) h.$dead = undefined
  }
}

function judge(
  machine: Machine, { mapping, from }: OwnedByDevice, field: PropertyKey, write: boolean,
): void {
  const index = Number(field)
  const writes = Number.isInteger(index) ? write : WRITERS.includes(String(field))
  if (!Number.isInteger(index) && !writes && !READERS.includes(String(field))) return
  if (Number.isInteger(index) && (index < from || index >= from + mapping.size)) return
  if (!writes && mapping.direction === DMA_TO_DEVICE) return
  report(machine, {
    kind: 'dma.cpu-access',
    title: `klab: DMA: CPU ${writes ? 'writes' : 'reads'} memory that is the device's in %f`,
    details: [
      `Mapped DMA_${DIRECTIONS[mapping.direction]} for device ${describeObject(machine, mapping.device).name}; neither unmapped nor synced for the CPU.`,
      '',
      `Mapped by task ${mapping.mapped.pid}:`,
      ...traceLines(machine, mapping.mapped),
    ],
    stacks: [{ role: 'allocated', stack: mapping.mapped }],
    objects: [mapping],
    rules: ['DMA-27', 'DMA-49'],
    help: 'dma-lifetime',
  })
}
