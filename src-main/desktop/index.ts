import { app, BrowserWindow, session } from 'electron'
import { basename, dirname, join } from 'node:path'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openedFrom } from './files'
import { installHandlers } from './handlers'
import { declareScheme, ORIGIN, serveApp } from './protocol'
import { createWindow } from './window'

/** The desktop app: one window, one page of our own, one kernel worker behind it. */
const here = dirname(fileURLToPath(import.meta.url))
const root = [join(here, '../..'), join(here, '../../..')].find((dir) => existsSync(join(dir, 'out/renderer/index.html'))) ?? join(here, '../..')

let window: BrowserWindow | null = null
/** What was asked to be opened before the window was there. */
const waiting: string[] = process.argv.slice(1).filter(isOpenable)

function isOpenable(argument: string): boolean {
  return !argument.startsWith('-') && argument !== '.' && argument !== root && existsSync(argument) && /\.(klab|trace)$|^[^.]*$/.test(basename(argument))
}

function open(path: string): void {
  if (!window) waiting.push(path)
  else window.webContents.send('opened', openedFrom(path))
}

if (!app.requestSingleInstanceLock()) app.quit()
else {
  app.enableSandbox()
  declareScheme()
  app.on('second-instance', (_event, argv) => {
    argv.slice(1).filter(isOpenable).forEach(open)
    window?.focus()
  })
  app.on('open-file', (event, path) => {
    event.preventDefault()
    open(path)
  })
  app.on('window-all-closed', () => app.quit())
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event) => event.preventDefault())
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  })
  void app.whenReady().then(start)
}

async function start(): Promise<void> {
  serveApp(join(root, 'out/renderer'))
  session.defaultSession.setPermissionRequestHandler((_contents, permission, answer) =>
    answer(permission === 'clipboard-sanitized-write'),
  )
  session.defaultSession.setPermissionCheckHandler((_contents, permission) => permission === 'clipboard-sanitized-write')
  installHandlers(() => window, app.getPath('userData'), app.getVersion())
  window = createWindow(join(root, 'out/preload/index.cjs'), app.getVersion())
  window.on('closed', () => (window = null))
  await window.loadURL(`${ORIGIN}/index.html`)
  waiting.splice(0).forEach(open)
}
