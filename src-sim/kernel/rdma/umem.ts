import { KernelObject } from '../../engine/object'
import { PAGE_SIZE } from '../../base/units'
import { sg_table } from '../dma/sg'
import type { ib_device } from './device'

export const IB_ACCESS_LOCAL_WRITE = 1
export const IB_ACCESS_REMOTE_WRITE = 2
export const IB_ACCESS_REMOTE_READ = 4
export const IB_ACCESS_REMOTE_ATOMIC = 8
const WRITABLE =
  IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE | IB_ACCESS_REMOTE_ATOMIC | (1 << 4)

/** Memory that a device reaches by a key: where it begins, how long it is, what is mapped of it. */
export class ib_umem extends KernelObject {
  ibdev: ib_device | null = null
  length = 0
  address = 0
  writable = false
  is_odp = false
  is_dmabuf = false
  /** What is mapped; its list begins at `address`. */
  sgt = new sg_table()
}

export const isWritable = (access: number): boolean => (access & WRITABLE) !== 0

/** How many pages it touches. */
export function pagesOf({ address, length }: ib_umem): number {
  const end = Math.ceil((address + length) / PAGE_SIZE)
  return end - Math.floor(address / PAGE_SIZE)
}
