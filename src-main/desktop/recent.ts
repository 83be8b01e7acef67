import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { writeWhole } from './files'

interface Entry {
  kind: 'lab' | 'bundle'
  name: string
  location: string
}

const MAX = 12

/** Recently opened labs and bundles, newest first, in a small file of the app's own. */
export class RecentList {
  readonly #path: string
  constructor(folder: string) {
    this.#path = join(folder, 'recent.json')
  }

  list(): Entry[] {
    try {
      const all = JSON.parse(readFileSync(this.#path, 'utf8')) as Entry[]
      return all.filter((entry) => existsSync(entry.location))
    } catch {
      return []
    }
  }

  add(kind: Entry['kind'], location: string): void {
    const others = this.list().filter((entry) => entry.location !== location)
    writeWhole(this.#path, JSON.stringify([{ kind, name: basename(location), location }, ...others].slice(0, MAX)))
  }

  has(location: string): boolean {
    return this.list().some((entry) => entry.location === location)
  }

  clear(): void {
    writeWhole(this.#path, '[]')
  }
}
