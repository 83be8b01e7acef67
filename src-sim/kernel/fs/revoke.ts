import { machine } from '../../engine/current'
import type { address_space, vm_area_struct } from './mapping'
import { processes } from './process'

/**
 * Takes away what programs have mapped: `unmap_mapping_range` over everything. The mappings stay
 * in their processes, but nothing is behind them, so that the next access faults (DM-81, DM-85).
 */
export function zapMappings(space: address_space): void {
  for (const process of processes(machine()).byTask.values())
    for (const vma of process.mappings) if (vma.vm_file?.f_mapping === space) zapArea(vma)
}

/** `zap_vma_ptes` over one whole mapping. */
export function zapArea(vma: vm_area_struct): void {
  vma.$pages.clear()
}
