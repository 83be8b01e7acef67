import { kernelCall } from '../../kernel/api'
import { loadWord, storeWord } from '../../kernel/fs/fault'
import type { vm_area_struct } from '../../kernel/fs/mapping'
import { currentProcess } from '../../kernel/fs/process'

/**
 * What a program does with memory it has mapped: `user/mman`. Where nothing is behind the mapping
 * the program ends, as by SIGBUS: exit code 135.
 */

/** Reads `*(uint32_t *)(mapping + offset)`. */
export const load32 = kernelCall('load32', (mapping: vm_area_struct, offset: number) =>
  loadWord(currentProcess(), mapping, offset),
)

/** Writes `*(uint32_t *)(mapping + offset) = value`. */
export const store32 = kernelCall(
  'store32',
  (mapping: vm_area_struct, offset: number, value: number) =>
    storeWord(currentProcess(), mapping, offset, value),
)
