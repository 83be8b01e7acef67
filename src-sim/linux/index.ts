import { withLiveNames } from '../kernel/live'
import roots from './roots.json'

/**
 * Everything a lab can import, by the name it imports it with: `linux/slab` is slab.ts here,
 * `user/libc` is user/libc.ts. A new header is a new file and nothing else. roots.json says which
 * folders hold headers and how their names begin; other folders hold parts of one header.
 */
const files = import.meta.glob(['./*.ts', './*/*.ts', '!./index.ts'] as never, { eager: true })

export const labApi: ReadonlyMap<string, Readonly<Record<string, unknown>>> = new Map(
  Object.keys(files)
    .sort()
    .flatMap((path) => {
      const name = specifierOf(path)
      return name === null ? [] : [[name, withLiveNames(files[path] as Record<string, unknown>)] as const]
    }),
)

/** What exists to be imported, for the compiler's messages. */
export const labApiNames: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  [...labApi].map(([specifier, module]) => [specifier, new Set(Object.keys(module))]),
)

function specifierOf(path: string): string | null {
  const [folder, name] = path.slice(2, -3).split('/') as [string, string?]
  if (name === undefined) return `linux/${folder}`
  const prefix = (roots as Record<string, string>)[folder]
  return prefix === undefined ? null : `${prefix}/${name}`
}
