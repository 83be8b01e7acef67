import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LabSource } from '../../src-sim/protocol'
import { UsageError } from './errors'

const FILES_MAX = 200
const BYTES_MAX = 4 * 1024 * 1024

/** The project's resources folder, from a bundle in out/main or out/main/chunks. */
export function resources(): string {
  let dir = dirname(fileURLToPath(import.meta.url))
  for (let i = 0; i < 6; i++) {
    if (existsSync(join(dir, 'resources', 'labs'))) return join(dir, 'resources')
    dir = dirname(dir)
  }
  throw new UsageError('The resources folder of klab is missing. Install klab again.')
}

export function builtinIds(): string[] {
  return readdirSync(join(resources(), 'labs'))
    .filter((id) => existsSync(join(resources(), 'labs', id, 'lab.json')))
    .sort()
}

/** Reads a lab by the id of a built-in one, or from a folder. */
export function readLab(name: string): LabSource {
  if (builtinIds().includes(name)) return readFolder(join(resources(), 'labs', name), name)
  const path = resolve(name)
  if (existsSync(path) && statSync(path).isDirectory()) return readFolder(path, basename(path))
  const near = closest(name, builtinIds())
  throw new UsageError(
    `There is no lab '${name}': give a folder with a lab.json, or the id of a built-in lab` +
      (near ? ` (did you mean ${near}?).` : '; `klab labs` lists them.'),
  )
}

export function readFolder(folder: string, id: string): LabSource {
  const files: Record<string, string> = {}
  let bytes = 0
  const visit = (dir: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
      const path = join(dir, entry.name)
      if (entry.isDirectory()) visit(path)
      else if (/\.(ts|json|md)$/.test(entry.name)) {
        const text = readFileSync(path, 'utf8')
        bytes += text.length
        files[relative(folder, path).split(sep).join('/')] = text
        if (Object.keys(files).length > FILES_MAX || bytes > BYTES_MAX)
          throw new UsageError(`${folder} is too large for a lab (${FILES_MAX} files, 4 MiB): give the lab's own folder.`)
      }
    }
  }
  visit(folder)
  return { id, files }
}

/** The most similar name by edit distance, when it is similar at all. */
export function closest(name: string, among: readonly string[]): string | null {
  let best: string | null = null
  let least = Math.max(3, Math.floor(name.length / 3))
  for (const candidate of among) {
    const d = distance(name, candidate)
    if (d < least) {
      least = d
      best = candidate
    }
  }
  return best
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]!
}
