import { app, dialog, shell, type BrowserWindow, type OpenDialogOptions } from 'electron'
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import * as v from 'valibot'
import { LabSource } from '../../src-sim/protocol'
import { openedFrom, writeLab, writeWhole } from './files'
import { handle } from './handle'
import { Kernels } from './kernels'
import { Menus, setMenu } from './menu'
import type { Opening } from './opening'
import { RecentList } from './recent'

const Nothing = v.tuple([])
const Question = v.object({
  message: v.string(),
  detail: v.optional(v.string()),
  ok: v.optional(v.string()),
  cancel: v.optional(v.string()),
  danger: v.optional(v.boolean()),
})

/** Everything that the page can ask the desktop for. */
export function installHandlers(
  getWindow: () => BrowserWindow | null,
  opening: Opening,
  folder: string,
  version: string,
): void {
  const window = (): BrowserWindow => {
    const w = getWindow()
    if (!w) throw new Error('The window has been closed.')
    return w
  }
  const recent = new RecentList(folder)
  const kernels = new Kernels(version)
  /** Folders that the person chose: the page may write to these and to no others. */
  const granted = new Set<string>()
  installFileHandlers(window, recent, granted)
  const journal = join(folder, 'journal.json')
  handle('load-journal', Nothing, () => (existsSync(journal) ? JSON.parse(readFileSync(journal, 'utf8')) : null))
  handle('store-journal', v.tuple([v.string()]), (text) => writeWhole(journal, text))
  handle('recent', Nothing, () => recent.list())
  handle('clear-recent', Nothing, () => recent.clear())
  handle('open-recent', v.tuple([v.string()]), (location) => {
    if (!recent.has(location)) throw new Error('This is not among the recently opened ones. Open it again by hand.')
    granted.add(location)
    return openedFrom(location)
  })
  handle('confirm', v.tuple([Question]), async (question) => {
    const { response } = await dialog.showMessageBox(window(), {
      type: question.danger ? 'warning' : 'question',
      message: question.message,
      detail: question.detail ?? '',
      buttons: [question.ok ?? 'OK', question.cancel ?? 'Cancel'],
      cancelId: 1,
      defaultId: question.danger ? 1 : 0,
    })
    return response === 0
  })
  handle('open-external', v.tuple([v.string()]), (url) => openExternal(window(), url))
  handle('listen-opened', Nothing, () => opening.listen(window()))
  handle('set-menu', v.tuple([Menus]), (menus) => setMenu(menus, window()))
  handle('set-title', v.tuple([v.string(), v.boolean(), v.nullable(v.string())]), (title, dirty, path) => {
    window().setTitle(title)
    window().setDocumentEdited(dirty)
    window().setRepresentedFilename(path ?? '')
  })
  handle('kernel-start', Nothing, () => kernels.start(window().webContents))
  handle('kernel-stop', v.tuple([v.number()]), (id) => kernels.stop(id))
}

function installFileHandlers(window: () => BrowserWindow, recent: RecentList, granted: Set<string>): void {
  const choose = async (options: OpenDialogOptions): Promise<string | null> => {
    const { canceled, filePaths } = await dialog.showOpenDialog(window(), options)
    return canceled ? null : (filePaths[0] ?? null)
  }
  handle('open-lab', Nothing, async () => {
    const path = await choose({ properties: ['openDirectory'] })
    if (path === null) return null
    const opened = openedFrom(path)
    granted.add(path)
    remember(recent, 'lab', path)
    return opened
  })
  handle('open-bundle', Nothing, async () => {
    const path = await choose({ properties: ['openFile'], filters: [{ name: 'Bundles and traces', extensions: ['klab', 'trace'] }] })
    if (path === null) return null
    remember(recent, 'bundle', path)
    return openedFrom(path)
  })
  handle('save-lab', v.tuple([LabSource, v.nullable(v.string())]), async (lab, location) => {
    const known = location !== null && granted.has(location) ? location : null
    const path = known ?? (await choose({ properties: ['openDirectory', 'createDirectory'] }))
    if (path === null) return null
    writeLab(path, lab, known !== null)
    granted.add(path)
    remember(recent, 'lab', path)
    return { id: basename(path), location: path }
  })
  handle('save-file', v.tuple([v.string(), v.instance(Uint8Array)]), async (name, bytes) => {
    const { canceled, filePath } = await dialog.showSaveDialog(window(), { defaultPath: join(app.getPath('downloads'), basename(name)) })
    if (canceled || !filePath) return null
    writeWhole(filePath, bytes)
    return basename(filePath)
  })
}

function remember(recent: RecentList, kind: 'lab' | 'bundle', path: string): void {
  recent.add(kind, path)
  app.addRecentDocument(path)
}

/** https only, and only when the person says so. */
async function openExternal(window: BrowserWindow, url: string): Promise<boolean> {
  if (new URL(url).protocol !== 'https:') return false
  const { response } = await dialog.showMessageBox(window, {
    type: 'question',
    message: 'Open this address in your browser?',
    detail: url,
    buttons: ['Open', 'Cancel'],
    cancelId: 1,
  })
  if (response !== 0) return false
  await shell.openExternal(url)
  return true
}
