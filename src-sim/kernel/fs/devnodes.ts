import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { address_space } from '../mm/address-space'

/** What a path in /dev leads to; an open file keeps it although the path is gone. */
export class inode extends KernelObject {
  i_rdev = 0
  i_mode = 0
  /** The character device that was found at the first open (DM-72). */
  i_cdev: object | null = null
  i_private: unknown = null
  /** What all mappings of its files are found by. */
  i_mapping = new address_space()
}

/** Device nodes by their path below /dev. */
class Devtmpfs {
  readonly nodes = new Map<string, inode>()
}

export const devtmpfs = service(() => new Devtmpfs())

const plain = (path: string): string => path.replace(/^\/dev\//, '')

export function createNode(path: string, rdev: number): inode {
  const node = new inode()
  node.i_rdev = rdev
  devtmpfs(machine()).nodes.set(plain(path), node)
  return node
}

export function removeNode(path: string): void {
  devtmpfs(machine()).nodes.delete(plain(path))
}

export function findNode(path: string): inode | null {
  return path.startsWith('/dev/') ? (devtmpfs(machine()).nodes.get(plain(path)) ?? null) : null
}
