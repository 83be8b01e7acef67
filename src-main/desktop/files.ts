import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import type { LabSource } from '../../src-sim/protocol'
import { readFolder } from '../cli/lab-files'

export type OpenedPath =
  | { kind: 'lab'; lab: LabSource; location: string }
  | { kind: 'bundle'; name: string; bytes: Uint8Array }

/** A folder is a lab, a file a bundle or a trace. */
export function openedFrom(path: string): OpenedPath {
  if (!statSync(path).isDirectory())
    return { kind: 'bundle', name: basename(path), bytes: new Uint8Array(readFileSync(path)) }
  const lab = readFolder(path, basename(path))
  if (!lab.files['lab.json']) throw new Error(`${path} holds no lab: there is no lab.json in it.`)
  return { kind: 'lab', lab, location: path }
}

/**
 * Writes all files of a lab, never outside its folder. Saving `inPlace` also removes the files that
 * the lab no longer has; a folder that was just chosen may hold other work, which stays.
 */
export function writeLab(folder: string, lab: LabSource, inPlace: boolean): void {
  mkdirSync(folder, { recursive: true })
  const before = inPlace ? Object.keys(readFolder(folder, basename(folder)).files) : []
  for (const [path, text] of Object.entries(lab.files)) {
    const target = inside(folder, path)
    mkdirSync(dirname(target), { recursive: true })
    writeWhole(target, text)
  }
  for (const path of before) if (!(path in lab.files)) rmSync(inside(folder, path))
}

export function inside(folder: string, path: string): string {
  const target = resolve(folder, path)
  if (!target.startsWith(resolve(folder) + sep)) throw new Error(`${path} lies outside the lab's folder.`)
  return target
}

/** A crash leaves the old file or the new one, never half of one. */
export function writeWhole(path: string, data: string | Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path)}.new`)
  writeFileSync(temporary, data)
  renameSync(temporary, path)
}
