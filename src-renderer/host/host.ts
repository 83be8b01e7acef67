import type { Connection, LabSource, LabSummary } from '../../src-sim/protocol'

/**
 * Everything the app needs from the place it runs in. There are two implementations, `desktop.ts`
 * (through the preload bridge) and `web.ts`; nothing else in the renderer knows where it runs.
 * Whatever a person can cancel answers null; whatever fails rejects with a sentence to show.
 */
export interface Host {
  readonly platform: 'desktop' | 'web'
  readonly os: 'linux' | 'mac' | 'windows'
  readonly version: string
  readonly capabilities: Capabilities

  /** Starts a fresh kernel worker; the one started before is ended. */
  kernel(): Connection

  listBuiltin(): Promise<LabSummary[]>
  loadBuiltin(id: string): Promise<LabSource>
  /** Starting points for a lab of one's own; the source's id is the template's name. */
  listTemplates(): Promise<LabSummary[]>
  loadTemplate(id: string): Promise<LabSource>

  /** Asks for a lab folder (or a zip of one where folders cannot be opened). */
  openLab(): Promise<OpenedLab | null>
  openBundle(): Promise<OpenedFile | null>
  /** Writes all files of a lab and removes those it no longer has. A null location asks for one. */
  saveLab(lab: LabSource, location: string | null): Promise<SavedLab | null>
  /** Saves or downloads; answers the name it was given. */
  saveFile(name: string, bytes: Uint8Array, mime?: string): Promise<string | null>
  /** Files given from outside: dropped, double-clicked, named on a command line or in the address. */
  onOpen(listener: (opened: Opened) => void): () => void

  recent(): Promise<RecentEntry[]>
  openRecent(location: string): Promise<Opened>
  clearRecent(): Promise<void>

  /** The work in progress, as it was last stored; null when there is none. */
  loadJournal(): Promise<unknown>
  storeJournal(entry: unknown): Promise<void>

  confirm(question: Question): Promise<boolean>
  /** https only, and only after the person agreed. Answers whether it was opened. */
  openExternal(url: string): Promise<boolean>
  copyText(text: string): Promise<void>

  /** The application menu; does nothing where there is none (`capabilities.menu`). */
  setMenu(menus: Menu[]): void
  /** A chosen menu item names its command. */
  onCommand(listener: (command: string) => void): () => void
  setTitle(title: string, state?: { dirty?: boolean; path?: string | null }): void

  /** Pages of the help, in reading order. */
  docs(): Promise<DocPage[]>
  /** Declarations of what a driver may import, for the editor. */
  driverApi(): Promise<DriverApi>
}

export interface Capabilities {
  /** There is a native menu to fill. */
  menu: boolean
  /** Labs are saved into a folder in place; otherwise saving downloads a zip. */
  folders: boolean
  /** Recently opened labs can be opened again. */
  recent: boolean
}

/** `location` is what `saveLab` and `openRecent` take: a path, or the key of a kept handle. */
export interface OpenedLab {
  kind: 'lab'
  lab: LabSource
  location: string | null
}

export interface OpenedFile {
  kind: 'bundle'
  name: string
  bytes: Uint8Array
}

/** A built-in lab asked for by name, e.g. `?lab=bug-01-broken`. */
export interface OpenedBuiltin {
  kind: 'builtin'
  id: string
}

export type Opened = OpenedLab | OpenedFile | OpenedBuiltin

export interface SavedLab {
  id: string
  location: string | null
}

export interface RecentEntry {
  kind: 'lab' | 'bundle'
  name: string
  location: string
}

export interface Question {
  message: string
  detail?: string
  ok?: string
  cancel?: string
  danger?: boolean
}

export interface Menu {
  title: string
  items: MenuItem[]
}

export type MenuItem =
  | { kind: 'separator' }
  | { kind: 'recent' }
  | {
      kind: 'command'
      command: string
      title: string
      /** As Electron spells it: `CmdOrCtrl+Shift+P`. */
      accelerator?: string
      enabled?: boolean
      checked?: boolean
    }

export interface DocPage {
  id: string
  title: string
  /** Markdown. */
  text: string
}

/** `paths` maps `linux/*` and the like to folders of `files`, whose names are relative to a root. */
export interface DriverApi {
  files: Record<string, string>
  paths: Record<string, string[]>
}
