import { E2BIG, EFAULT, EINVAL } from '../errno'
import type { iommufd_ctx } from './objects'
import { CALLS, LAYOUTS, sizeOf, sizeUpTo, type CallName, type Layout } from './uapi'

/** One call of a program: its structure as the kernel has copied it, and the way back. */
export interface Ucmd {
  readonly ictx: iommufd_ctx
  /** Members by their names. */
  readonly cmd: Record<string, any>
  /** Copies the structure back, as far as the program's own reaches. 0 or -EFAULT. */
  respond(): number
}

type UserStruct = Record<string, unknown>

/** Members behind the end of what the kernel knows must be zero: a later kernel's. */
function hasNonzeroTail(layout: Layout, given: UserStruct): boolean {
  const known = new Set(layout.map(([name]) => name))
  return Object.keys(given).some((key) => !known.has(key) && given[key] !== 0)
}

/** IOMMUFD-02: copies a structure in, or says why not. */
export function readCommand(ictx: iommufd_ctx, call: CallName, arg: unknown): Ucmd | number {
  if (arg === null || typeof arg !== 'object') return -EFAULT
  const given = arg as UserStruct
  const size = given['size']
  if (typeof size !== 'number') return -EFAULT
  const [, name, last] = CALLS[call]
  const layout: Layout = LAYOUTS[name]
  if (size < sizeUpTo(layout, last)) return -EINVAL
  if (size > sizeOf(layout) && hasNonzeroTail(layout, given)) return -E2BIG
  const within = membersWithin(layout, size)
  const cmd: Record<string, unknown> = {}
  for (const [member, , kind] of layout) {
    const value = within.has(member) ? given[member] : undefined
    cmd[member] = value ?? (kind === 'pointer' ? null : 0)
  }
  return {
    ictx,
    cmd,
    respond() {
      for (const member of within) if (member !== 'size') given[member] = cmd[member]
      return 0
    },
  }
}

function membersWithin(layout: Layout, size: number): Set<string> {
  const within = new Set<string>()
  let end = 0
  for (const [member, bytes] of layout) {
    end += bytes
    if (end <= size) within.add(member)
  }
  return within
}
