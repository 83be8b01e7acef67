import type { Connection } from '../../src-sim/protocol'
import type { Host, Menu, Opened, OpenedFile, OpenedLab, RecentEntry, SavedLab } from './host'
import { resources } from './resources'

/** What the preload script offers; see src-main/preload. */
export interface DesktopBridge {
  readonly os: Host['os']
  readonly version: string
  invoke(channel: string, ...args: unknown[]): Promise<unknown>
  listen(channel: string, listener: (...args: unknown[]) => void): () => void
  send(channel: string, message: unknown): void
}

/** The app in Electron: everything outside the page is asked of the main process. */
export function createDesktopHost(): Host {
  const bridge = (window as unknown as { klabDesktop: DesktopBridge }).klabDesktop
  const ask = <T>(channel: string, ...args: unknown[]): Promise<T> => bridge.invoke(channel, ...args) as Promise<T>
  return {
    platform: 'desktop',
    os: bridge.os,
    version: bridge.version,
    capabilities: { menu: true, folders: true, recent: true },
    kernel: () => kernelOver(bridge),
    ...resources,
    openLab: () => ask<OpenedLab | null>('open-lab'),
    openBundle: () => ask<OpenedFile | null>('open-bundle'),
    saveLab: (lab, location) => ask<SavedLab | null>('save-lab', lab, location),
    saveFile: (name, bytes) => ask<string | null>('save-file', name, bytes),
    onOpen: (listener) => {
      const off = bridge.listen('opened', (what) => listener(what as Opened))
      void ask<Opened[]>('listen-opened').then((waiting) => waiting.forEach(listener))
      return off
    },
    recent: () => ask<RecentEntry[]>('recent'),
    openRecent: (location) => ask<Opened>('open-recent', location),
    clearRecent: () => ask<void>('clear-recent'),
    loadJournal: () => ask<unknown>('load-journal'),
    storeJournal: (entry) => ask<void>('store-journal', JSON.stringify(entry)),
    confirm: (question) => ask<boolean>('confirm', question),
    openExternal: (url) => ask<boolean>('open-external', url),
    copyText: (text) => navigator.clipboard.writeText(text),
    setMenu: (menus: Menu[]) => void ask('set-menu', menus),
    onCommand: (listener) => bridge.listen('command', (command) => listener(command as string)),
    setTitle: (title, state) => {
      document.title = title
      void ask('set-title', title, state?.dirty ?? false, state?.path ?? null)
    },
  }
}

/** Messages of the kernel worker, relayed by the main process. Each start has a number of its own. */
function kernelOver(bridge: DesktopBridge): Connection {
  let closed = false
  const started = bridge.invoke('kernel-start') as Promise<number>
  const offs: (() => void)[] = []
  return {
    post: (message) => {
      void started.then((id) => !closed && bridge.send('kernel', { id, message }))
    },
    onMessage: (listener) => {
      const off = bridge.listen('kernel', (id, message) => {
        void started.then((mine) => mine === id && !closed && listener(message))
      })
      offs.push(off)
      return off
    },
    onClose: (listener) => {
      const off = bridge.listen('kernel-closed', (id, reason) => {
        void started.then((mine) => mine === id && !closed && listener(String(reason)))
      })
      offs.push(off)
      return off
    },
    close: () => {
      closed = true
      for (const off of offs) off()
      void started.then((id) => bridge.invoke('kernel-stop', id))
    },
  }
}
