import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate'
import type { LabSource } from '../../src-sim/protocol'

const FILES_MAX = 200
const BYTES_MAX = 4 * 1024 * 1024
const LAB_FILE = /\.(ts|json|md)$/

/** Asks for one file; null when the person cancels. */
export function pickFile(accept: string): Promise<File | null> {
  return new Promise((done) => {
    const input = document.createElement('input')
    const close = (file: File | null): void => {
      input.remove()
      done(file)
    }
    input.type = 'file'
    input.accept = accept
    input.hidden = true
    input.addEventListener('change', () => close(input.files?.[0] ?? null))
    input.addEventListener('cancel', () => close(null))
    // Outside the document it could be collected as garbage while the person still chooses.
    document.body.append(input)
    input.click()
  })
}

export function download(name: string, bytes: Uint8Array, mime = 'application/octet-stream'): void {
  const url = URL.createObjectURL(new Blob([bytes as BlobPart], { type: mime }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** A lab from a zip of its folder (with or without the folder itself in it). */
export function labFromZip(name: string, bytes: Uint8Array): LabSource {
  let total = 0
  let count = 0
  const entries = unzipSync(bytes, {
    filter: (file) => {
      if (!LAB_FILE.test(file.name) || file.name.split('/').includes('..')) return false
      total += file.originalSize
      if (++count > FILES_MAX || total > BYTES_MAX)
        throw new Error('This zip is too large for a lab (200 files, 4 MiB).')
      return true
    },
  })
  const paths = Object.keys(entries)
  const manifest = paths.filter((p) => p.endsWith('lab.json')).sort((a, b) => a.length - b.length)[0]
  if (!manifest) throw new Error('This zip holds no lab: there is no lab.json in it.')
  const prefix = manifest.slice(0, -'lab.json'.length)
  const files: Record<string, string> = {}
  for (const path of paths)
    if (path.startsWith(prefix)) files[path.slice(prefix.length)] = strFromU8(entries[path]!)
  const id = prefix === '' ? name.replace(/\.zip$/, '') : prefix.replace(/\/$/, '').split('/').pop()!
  return { id, files }
}

export function zipOfLab(lab: LabSource): Uint8Array {
  const entries: Record<string, Uint8Array> = {}
  for (const [path, text] of Object.entries(lab.files)) entries[`${lab.id}/${path}`] = strToU8(text)
  return zipSync(entries)
}

type Folder = FileSystemDirectoryHandle & { entries(): AsyncIterable<[string, FileSystemHandle]> }

export async function readFolder(folder: FileSystemDirectoryHandle): Promise<LabSource> {
  const files: Record<string, string> = {}
  let count = 0
  const visit = async (dir: FileSystemDirectoryHandle, prefix: string): Promise<void> => {
    for await (const [name, handle] of (dir as Folder).entries()) {
      if (name.startsWith('.') || name === 'node_modules') continue
      if (handle.kind === 'directory') await visit(handle as FileSystemDirectoryHandle, `${prefix}${name}/`)
      else if (LAB_FILE.test(name)) {
        if (++count > FILES_MAX) throw new Error('This folder is too large for a lab (200 files).')
        files[prefix + name] = await (await (handle as FileSystemFileHandle).getFile()).text()
      }
    }
  }
  await visit(folder, '')
  if (!files['lab.json']) throw new Error('This folder holds no lab: there is no lab.json in it.')
  return { id: folder.name, files }
}

/** Removes what the lab no longer has only when it is saved `inPlace`. */
export async function writeFolder(
  folder: FileSystemDirectoryHandle, lab: LabSource, inPlace: boolean,
): Promise<void> {
  const before = inPlace ? Object.keys((await readFolder(folder)).files) : []
  for (const [path, text] of Object.entries(lab.files)) {
    const [dir, name] = await place(folder, path, true)
    const file = await (await dir!.getFileHandle(name, { create: true })).createWritable()
    await file.write(text)
    await file.close()
  }
  for (const path of before) {
    if (path in lab.files) continue
    const [dir, name] = await place(folder, path, false)
    await dir?.removeEntry(name)
  }
}

async function place(folder: FileSystemDirectoryHandle, path: string, create: boolean): Promise<[FileSystemDirectoryHandle | null, string]> {
  const parts = path.split('/')
  const name = parts.pop()!
  let dir = folder
  for (const part of parts) dir = await dir.getDirectoryHandle(part, { create })
  return [dir, name]
}
