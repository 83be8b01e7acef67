import type { Connection } from '../../src-sim/protocol'
import { download, labFromZip, pickFile, readFolder, writeFolder, zipOfLab } from './files'
import type { Host, Opened, OpenedLab, Question, RecentEntry } from './host'
import { resources } from './resources'
import { store } from './store'
import { fromWorker } from './worker-connection'

type FolderWindow = Window & {
  showDirectoryPicker?(options?: { mode: string }): Promise<FileSystemDirectoryHandle>
}

const RECENT_MAX = 10

/** The app as a page: files through the browser, the work in progress in IndexedDB. */
export function createWebHost(): Host {
  const listeners = new Set<(opened: Opened) => void>()
  const opened = (what: Opened): void => listeners.forEach((l) => l(what))
  let worker: Connection | null = null
  acceptDrops(opened)
  const picker = (window as FolderWindow).showDirectoryPicker
  return {
    platform: 'web',
    os: /mac/i.test(navigator.platform) ? 'mac' : /win/i.test(navigator.platform) ? 'windows' : 'linux',
    version: __KLAB_VERSION__,
    capabilities: { menu: false, folders: picker !== undefined, recent: picker !== undefined },
    kernel: () => {
      worker?.close()
      return (worker = fromWorker(
        new Worker(new URL('./kernel-worker.ts', import.meta.url), { type: 'module', name: 'kernel' }),
      ))
    },
    ...resources,
    openLab: () => cancelled(() => openLab()),
    openBundle: async () => {
      const file = await pickFile('.klab,.trace')
      return file ? { kind: 'bundle', name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) } : null
    },
    saveLab: (lab, location) =>
      cancelled(async () => {
        if (!picker) {
          download(`${lab.id}.zip`, zipOfLab(lab), 'application/zip')
          return { id: lab.id, location: null }
        }
        const known = location ? await folderOf(location) : null
        const folder = known ?? (await picker.call(window, { mode: 'readwrite' }))
        await writeFolder(folder, lab, known !== null)
        return { id: folder.name, location: await remember(folder) }
      }),
    saveFile: async (name, bytes, mime) => {
      download(name, bytes, mime)
      return name
    },
    onOpen: (listener) => {
      listeners.add(listener)
      if (listeners.size === 1) void askedFor().then((asked) => asked && listener(asked))
      return () => listeners.delete(listener)
    },
    recent: async () => (await recentList()).map(({ name, location }) => ({ kind: 'lab', name, location })),
    openRecent: async (location) => {
      const folder = await folderOf(location)
      if (!folder) throw new Error('This folder cannot be opened any more. Open it again by hand.')
      return { kind: 'lab', lab: await readFolder(folder), location }
    },
    clearRecent: async () => void (await store.set('recent', [])),
    loadJournal: () => store.get('journal').then((v) => v ?? null),
    storeJournal: async (entry) => void (await store.set('journal', entry)),
    confirm: async (question: Question) =>
      window.confirm(question.detail ? `${question.message}\n\n${question.detail}` : question.message),
    openExternal: async (url) => {
      if (!url.startsWith('https://') || !window.confirm(`Open ${url} in a new tab?`)) return false
      window.open(url, '_blank', 'noopener,noreferrer')
      return true
    },
    copyText: (text) => navigator.clipboard.writeText(text),
    setMenu: () => {},
    onCommand: () => () => {},
    setTitle: (title) => void (document.title = title),
  }
}

/** What the address names: a built-in lab, or something that the server read for us. */
async function askedFor(): Promise<Opened | null> {
  const query = new URLSearchParams(location.search)
  const id = query.get('lab')
  if (id) return { kind: 'builtin', id }
  if (!query.has('opened')) return null
  const answer = await fetch('opened.json')
  if (!answer.ok) return null
  const opened = (await answer.json()) as OpenedLab | { kind: 'bundle'; name: string; bytes: string }
  if (opened.kind === 'lab') return opened
  return { ...opened, bytes: Uint8Array.from(atob(opened.bytes), (c) => c.charCodeAt(0)) }
}

async function openLab(): Promise<OpenedLab | null> {
  const picker = (window as FolderWindow).showDirectoryPicker
  if (picker) {
    const folder = await picker.call(window, { mode: 'read' })
    return { kind: 'lab', lab: await readFolder(folder), location: await remember(folder) }
  }
  const file = await pickFile('.zip')
  if (!file) return null
  return { kind: 'lab', lab: labFromZip(file.name, new Uint8Array(await file.arrayBuffer())), location: null }
}

/** Cancelling a picker is an answer, not a failure. */
async function cancelled<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if ((error as DOMException).name === 'AbortError') return null
    throw error
  }
}

interface Remembered extends RecentEntry {
  handle: FileSystemDirectoryHandle
}

async function recentList(): Promise<Remembered[]> {
  return ((await store.get('recent')) as Remembered[] | undefined) ?? []
}

async function remember(handle: FileSystemDirectoryHandle): Promise<string> {
  const others = (await recentList()).filter((r) => r.name !== handle.name)
  const entry: Remembered = { kind: 'lab', name: handle.name, location: handle.name, handle }
  await store.set('recent', [entry, ...others].slice(0, RECENT_MAX))
  return entry.location
}

async function folderOf(location: string): Promise<FileSystemDirectoryHandle | null> {
  return (await recentList()).find((r) => r.location === location)?.handle ?? null
}

/** Files dropped anywhere on the window: bundles, traces, zips and folders of labs. */
function acceptDrops(opened: (what: Opened) => void): void {
  window.addEventListener('dragover', (event) => event.preventDefault())
  window.addEventListener('drop', (event) => {
    event.preventDefault()
    const item = event.dataTransfer?.items[0] as
      (DataTransferItem & { getAsFileSystemHandle?(): Promise<FileSystemHandle | null> }) | undefined
    const file = event.dataTransfer?.files[0]
    if (item?.getAsFileSystemHandle)
      void item.getAsFileSystemHandle().then(async (handle) => {
        if (handle?.kind === 'directory') {
          const folder = handle as FileSystemDirectoryHandle
          opened({ kind: 'lab', lab: await readFolder(folder), location: await remember(folder) })
        } else if (file) await openFile(file, opened)
      })
    else if (file) void openFile(file, opened)
  })
}

async function openFile(file: File, opened: (what: Opened) => void): Promise<void> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  if (file.name.endsWith('.zip')) opened({ kind: 'lab', lab: labFromZip(file.name, bytes), location: null })
  else opened({ kind: 'bundle', name: file.name, bytes })
}
