import { withLiveNames } from '../kernel/live'

/**
 * Everything a lab can import, by the name it imports it with: `linux/slab` is slab.ts here,
 * `user/libc` is user/libc.ts. A new header is a new file and nothing else.
 */
const files = import.meta.glob(['./*.ts', './sched/*.ts', './user/*.ts', './klab/*.ts', '!./index.ts'] as never, {
  eager: true,
})

export const labApi: ReadonlyMap<string, Readonly<Record<string, unknown>>> = new Map(
  Object.keys(files)
    .sort()
    .map((path) => [specifierOf(path), withLiveNames(files[path]! as Record<string, unknown>)]),
)

/** What exists to be imported, for the compiler's messages. */
export const labApiNames: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  [...labApi].map(([specifier, module]) => [specifier, new Set(Object.keys(module))]),
)

function specifierOf(path: string): string {
  const name = path.slice(2, -3)
  return name.startsWith('user/') || name.startsWith('klab/') ? name : `linux/${name}`
}
