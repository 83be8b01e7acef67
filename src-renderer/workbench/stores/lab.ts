import { defineStore } from 'pinia'
import { computed, ref, shallowReactive, shallowRef } from 'vue'
import type { LabManifest, LabSource, LabSummary, Problem } from '../../../src-sim/protocol'

/** Where the files of a lab come from, and hence what saving means. */
export type Origin = 'builtin' | 'folder' | 'new' | 'bundle'

export interface LabFile {
  readonly path: string
  readonly text: string
  /** What is on disk; null for a file that was never saved. */
  readonly saved: string | null
}

export interface OpenOptions {
  origin: Origin
  /** What the host saves to; null when it was never saved. */
  location?: string | null
  trusted?: boolean
  /** Kept edits of the last time: path to text. */
  edits?: Record<string, string>
  removed?: string[]
  active?: string | null
}

/** What the journal keeps: enough to open the lab again exactly as it was left. */
export interface JournalEntry {
  version: 1
  id: string
  origin: Origin
  location: string | null
  trusted: boolean
  saved: Record<string, string>
  edits: Record<string, string>
  removed: string[]
  tabs: string[]
  active: string | null
}

const FIRST = ['driver.ts', 'scenario.ts', 'user.ts', 'machine.ts']

/**
 * The open lab: its files, what of them is not saved, and what is wrong with them. The text here is
 * the truth; the editor's models follow `external`, which counts changes made by anything else.
 */
export const useLab = defineStore('lab', () => {
  const id = ref('')
  const origin = ref<Origin>('new')
  const location = ref<string | null>(null)
  const trusted = ref(true)
  const files = shallowReactive(new Map<string, LabFile>())
  const removed = ref<string[]>([])
  const tabs = ref<string[]>([])
  const active = ref<string | null>(null)
  const problems = shallowRef<Problem[]>([])
  const gallery = shallowRef<LabSummary[]>([])
  const loading = ref(false)
  /** Counts every change of the sources. */
  const revision = ref(0)
  /** Counts the changes that did not come from the editor. */
  const external = ref(0)

  const isOpen = computed(() => files.size > 0)
  const manifest = computed(() => readManifest(files.get('lab.json')?.text))
  const title = computed(() => manifest.value?.title ?? id.value)
  const paths = computed(() => [...files.keys()].sort(byFolder))
  const dirty = computed(() => [...files.values()].filter(isDirty).map((file) => file.path))
  const isDirtyLab = computed(() => dirty.value.length > 0 || removed.value.length > 0)
  const summary = computed(() => gallery.value.find((one) => one.id === id.value) ?? null)
  const twin = computed(() => manifest.value?.twin ?? summary.value?.twin ?? null)

  function open(source: LabSource, options: OpenOptions): void {
    files.clear()
    const gone = options.removed ?? []
    for (const [path, saved] of Object.entries(source.files)) {
      if (gone.includes(path)) continue
      files.set(path, { path, saved, text: options.edits?.[path] ?? saved })
    }
    for (const [path, text] of Object.entries(options.edits ?? {})) {
      if (!files.has(path)) files.set(path, { path, saved: null, text })
    }
    id.value = source.id
    origin.value = options.origin
    location.value = options.location ?? null
    trusted.value = options.trusted ?? true
    removed.value = gone
    problems.value = []
    const first = options.active ?? FIRST.find((path) => files.has(path)) ?? paths.value[0] ?? null
    active.value = first
    tabs.value = first === null ? [] : [first]
    revision.value++
    external.value++
  }

  /** Text typed into the editor. */
  function edit(path: string, text: string): void {
    const file = files.get(path)
    if (!file || file.text === text) return
    files.set(path, { ...file, text })
    revision.value++
  }

  function create(path: string, text = ''): void {
    const clean = normalPath(path)
    if (files.has(clean)) throw new Error(`There is already a file named ${clean}.`)
    files.set(clean, { path: clean, saved: null, text })
    removed.value = removed.value.filter((one) => one !== clean)
    touched()
    show(clean)
  }

  function rename(from: string, to: string): void {
    const clean = normalPath(to)
    const file = files.get(from)
    if (!file || clean === from) return
    if (files.has(clean)) throw new Error(`There is already a file named ${clean}.`)
    files.delete(from)
    files.set(clean, { path: clean, saved: null, text: file.text })
    if (file.saved !== null) removed.value = [...removed.value, from]
    tabs.value = tabs.value.map((tab) => (tab === from ? clean : tab))
    if (active.value === from) active.value = clean
    touched()
  }

  function remove(path: string): void {
    const file = files.get(path)
    if (!file) return
    files.delete(path)
    if (file.saved !== null) removed.value = [...removed.value, path]
    close(path)
    touched()
  }

  /** Back to what is saved. */
  function revert(path: string): void {
    const file = files.get(path)
    if (!file || file.saved === null) return
    files.set(path, { ...file, text: file.saved })
    touched()
  }

  function touched(): void {
    revision.value++
    external.value++
  }

  function show(path: string): void {
    if (!files.has(path)) return
    if (!tabs.value.includes(path)) tabs.value = [...tabs.value, path]
    active.value = path
  }

  function close(path: string): void {
    const at = tabs.value.indexOf(path)
    tabs.value = tabs.value.filter((tab) => tab !== path)
    if (active.value === path) {
      active.value = tabs.value[Math.min(at, tabs.value.length - 1)] ?? null
    }
  }

  function source(): LabSource {
    return {
      id: id.value,
      files: Object.fromEntries(paths.value.map((path) => [path, files.get(path)!.text])),
    }
  }

  /** Called once the host wrote `source`; what was typed meanwhile stays unsaved. */
  function markSaved(written: LabSource, where: { id?: string; location: string | null }): void {
    for (const [path, text] of Object.entries(written.files)) {
      const file = files.get(path)
      if (file) files.set(path, { ...file, saved: text })
    }
    removed.value = removed.value.filter((path) => path in written.files)
    if (where.id !== undefined) id.value = where.id
    location.value = where.location
    origin.value = 'folder'
  }

  function journal(): JournalEntry {
    const saved: Record<string, string> = {}
    const edits: Record<string, string> = {}
    for (const file of files.values()) {
      if (file.saved !== null) saved[file.path] = file.saved
      if (isDirty(file)) edits[file.path] = file.text
    }
    return {
      version: 1,
      id: id.value,
      origin: origin.value,
      location: location.value,
      trusted: trusted.value,
      saved,
      edits,
      removed: [...removed.value],
      tabs: [...tabs.value],
      active: active.value,
    }
  }

  function restore(entry: JournalEntry): void {
    const { id: name, saved, ...options } = entry
    open({ id: name, files: saved }, options)
    tabs.value = entry.tabs.filter((path) => files.has(path))
    if (tabs.value.length === 0 && active.value) tabs.value = [active.value]
  }

  function setProblems(list: Problem[]): void {
    problems.value = list
  }

  function setGallery(list: LabSummary[]): void {
    gallery.value = list
  }

  return {
    id,
    origin,
    location,
    trusted,
    files,
    removed,
    tabs,
    active,
    problems,
    gallery,
    loading,
    revision,
    external,
    isOpen,
    manifest,
    title,
    paths,
    dirty,
    isDirty: isDirtyLab,
    summary,
    twin,
    open,
    edit,
    create,
    rename,
    remove,
    revert,
    show,
    close,
    source,
    markSaved,
    journal,
    restore,
    setProblems,
    setGallery,
  }
})

export function isDirty(file: LabFile): boolean {
  return file.text !== file.saved
}

function readManifest(text: string | undefined): Partial<LabManifest> | null {
  if (text === undefined) return null
  try {
    const value: unknown = JSON.parse(text)
    return value && typeof value === 'object' ? (value as Partial<LabManifest>) : null
  } catch {
    // A half-typed lab.json is normal while it is edited; the compiler reports it on a run.
    return null
  }
}

/** Forward slashes, no way out of the lab's folder. */
export function normalPath(path: string): string {
  const parts = path
    .trim()
    .replace(/\\/g, '/')
    .split('/')
    .filter((part) => part && part !== '.')
  if (parts.length === 0) throw new Error('A file needs a name.')
  if (parts.includes('..')) throw new Error('A file has to stay inside the lab.')
  if (parts.some((part) => /[<>:"|?*]/.test(part))) {
    throw new Error('A file name cannot contain any of < > : " | ? *')
  }
  return parts.join('/')
}

/** Sources first, folders after, lab.json last. */
function byFolder(a: string, b: string): number {
  const weight = (path: string): number =>
    path === 'lab.json' ? 3 : path.includes('/') ? 2 : path === 'driver.ts' ? 0 : 1
  return weight(a) - weight(b) || (a < b ? -1 : a > b ? 1 : 0)
}

export function isJournalEntry(value: unknown): value is JournalEntry {
  const entry = value as Partial<JournalEntry> | null
  return (
    !!entry &&
    entry.version === 1 &&
    typeof entry.id === 'string' &&
    typeof entry.saved === 'object' &&
    typeof entry.edits === 'object' &&
    Array.isArray(entry.tabs) &&
    Array.isArray(entry.removed)
  )
}
