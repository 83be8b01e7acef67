import { kernelCall } from '../kernel/api'
import { unuseMm, useMm } from '../kernel/mm/current-mm'
import type { mm_struct } from '../kernel/mm/mm-struct'

/** Kernel threads that work in the address space of a program: `linux/mmu_context`. */

/** Until the end, `current->mm` of this kernel thread is `mm`. The caller holds a user of it. */
export const kthread_use_mm = kernelCall('kthread_use_mm', (mm: mm_struct): void => useMm(mm))
export const kthread_unuse_mm = kernelCall('kthread_unuse_mm', (_mm: mm_struct): void => unuseMm())
