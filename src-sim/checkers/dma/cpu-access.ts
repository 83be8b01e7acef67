import type { Machine } from '../../engine/machine'

export function watchCpuAccess(_machine: Machine): void {}
