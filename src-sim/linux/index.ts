import { LazyMap } from '../base/lazy-map'
import { withLiveNames } from '../kernel/live'
import roots from './roots.json'

/**
 * Everything a lab can import, by the name it imports it with: `linux/slab` is slab.ts here,
 * `user/libc` is user/libc.ts. A new header is a new file and nothing else. roots.json says which
 * folders hold headers and how their names begin; other folders hold parts of one header.
 */
const files: Readonly<Record<string, Header>> =
  import.meta.glob(['./*.ts', './*/*.ts', '!./index.ts'] as never, { eager: true })

type Header = Readonly<Record<string, unknown>>

/** The modules as they were written. */
export const headers: ReadonlyMap<string, Header> = new Map(
  Object.keys(files)
    .sort()
    .flatMap((path) => {
      const name = specifierOf(path)
      return name === null ? [] : [[name, files[path]!] as const]
    }),
)

/**
 * Every value that labs are given. Headers include each other, so that most names are in many of
 * them, but in C a name is one thing in all: only modules of Rust have to be read in full.
 */
export function* apiValues(): Generator<unknown, void, undefined> {
  const seen = new Map<string, Set<string>>()
  for (const [header, module] of headers) {
    const root = header.slice(0, header.indexOf('/'))
    const names = seen.get(root) ?? new Set()
    if (root !== 'rust') seen.set(root, names)
    for (const name of Object.keys(module)) {
      if (names.has(name)) continue
      names.add(name)
      yield module[name]
    }
  }
}

/** The same as labs see them; made one by one, since each lab needs a few of the many. */
export const labApi: ReadonlyMap<string, Header> = new LazyMap(
  new Map([...headers].map(([name, module]) => [name, () => Object.freeze(withLiveNames(module))])),
)

/** What exists to be imported, for the compiler's messages. */
export const labApiNames: ReadonlyMap<string, ReadonlySet<string>> = new LazyMap(
  new Map([...headers].map(([name, module]) => [name, () => new Set(Object.keys(module))])),
)

function specifierOf(path: string): string | null {
  const [folder, name] = path.slice(2, -3).split('/') as [string, string?]
  if (name === undefined) return `linux/${folder}`
  const prefix = (roots as Record<string, string>)[folder]
  return prefix === undefined ? null : `${prefix}/${name}`
}
