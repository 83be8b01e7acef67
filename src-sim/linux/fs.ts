import { machine } from '../engine/current'
import { kernelCall, quiet } from '../kernel/api'
import { charDevices } from '../kernel/fs/file'
import type { ptr } from './types'

/** Files and device numbers: `linux/fs`. */
export { file, inode, type file_operations } from '../kernel/fs/file'

export const O_RDONLY = 0
export const O_WRONLY = 1
export const O_RDWR = 2
export const O_NONBLOCK = 0o4000

export const MKDEV = quiet(function MKDEV(major: number, minor: number): number {
  return major * 0x100000 + minor
})
export const MAJOR = quiet(function MAJOR(dev: number): number {
  return Math.floor(dev / 0x100000)
})
export const MINOR = quiet(function MINOR(dev: number): number {
  return dev % 0x100000
})
export const iminor = quiet(function iminor(node: { i_rdev: number }): number {
  return node.i_rdev % 0x100000
})

/** Reserves device numbers; the first goes to `*dev`. 0. Pair: `unregister_chrdev_region`. */
export function alloc_chrdev_region(dev: ptr<number>, baseminor: number, _count: number, _name: string): number {
  dev.value = MKDEV(charDevices(machine()).nextMajor++, baseminor)
  return 0
}
export function unregister_chrdev_region(_from: number, _count: number): void {}

export const no_llseek = kernelCall('no_llseek', (): number => -29)
