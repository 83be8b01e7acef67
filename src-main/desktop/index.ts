import { app, BrowserWindow, session } from 'electron'
import { dirname, join } from 'node:path'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { installHandlers } from './handlers'
import { Opening, pathsIn } from './opening'
import { declareScheme, ORIGIN, serveApp } from './protocol'
import { reloadAfterCrash } from './recovery'
import { createWindow } from './window'
import { keepWindowState, loadWindowState } from './window-state'

/** The desktop app: one window, one page of our own, one kernel worker behind it. */
const here = dirname(fileURLToPath(import.meta.url))
const root = [join(here, '../..'), join(here, '../../..')].find((dir) => existsSync(join(dir, 'out/renderer/index.html'))) ?? join(here, '../..')

let window: BrowserWindow | null = null
const opening = new Opening()
pathsIn(process.argv, process.cwd(), root).forEach((path) => opening.open(path))

if (!app.requestSingleInstanceLock()) app.quit()
else {
  app.enableSandbox()
  declareScheme()
  app.on('second-instance', (_event, argv, from) => {
    pathsIn(argv, from, root).forEach((path) => opening.open(path))
    if (window?.isMinimized()) window.restore()
    window?.focus()
  })
  app.on('open-file', (event, path) => {
    event.preventDefault()
    opening.open(path)
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
  const folder = app.getPath('userData')
  installHandlers(() => window, opening, folder, app.getVersion())
  const state = loadWindowState(folder)
  window = createWindow(join(root, 'out/preload/index.cjs'), app.getVersion(), state?.bounds)
  if (state?.maximized) window.maximize()
  keepWindowState(folder, window)
  reloadAfterCrash(window, () => opening.pause())
  window.on('closed', () => {
    window = null
    opening.pause()
  })
  await window.loadURL(`${ORIGIN}/index.html`)
}
