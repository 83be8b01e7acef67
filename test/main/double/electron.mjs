import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { chromium } from 'playwright-core'
import { deserialize, serialize } from 'node:v8'

/**
 * A hand-written stand-in for Electron: windows are pages of a real browser, `app://` is a loopback
 * server that calls the real handler, and messages are cloned as Electron clones them. It proves
 * our wiring, not Electron.
 */
const clone = (value) => deserialize(serialize(value))
export const calls = []
export const answers = { showOpenDialog: [], showMessageBox: [] }

class App extends EventEmitter {
  name = 'klab'
  requestSingleInstanceLock = () => true
  enableSandbox = () => calls.push(['enableSandbox'])
  whenReady = () => Promise.resolve()
  quit = () => calls.push(['quit'])
  getPath = () => process.env.KLAB_TEST_DIR
  getVersion = () => '0.1.0'
  addRecentDocument = (path) => calls.push(['addRecentDocument', path])
}
export const app = new App()

const handlers = new Map()
class IpcMain extends EventEmitter {
  handle = (channel, answer) => handlers.set(channel, answer)
}
export const ipcMain = new IpcMain()

const schemes = new Map()
export const protocol = {
  registerSchemesAsPrivileged: (list) => calls.push(['schemes', list]),
  handle: (scheme, answer) => schemes.set(scheme, answer),
}
export const session = {
  defaultSession: {
    setPermissionRequestHandler: (f) => calls.push(['permission', f]),
    setPermissionCheckHandler: () => {},
  },
}
export const Menu = {
  buildFromTemplate: (template) => template,
  setApplicationMenu: (template) => calls.push(['menu', template]),
}
export const screen = { getDisplayMatching: () => ({ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }) }
export const dialog = {
  showErrorBox: (title, text) => calls.push(['errorBox', title, text]),
  showOpenDialog: async () => answers.showOpenDialog.shift() ?? { canceled: true, filePaths: [] },
  showSaveDialog: async () => ({ canceled: true }),
  showMessageBox: async () => answers.showMessageBox.shift() ?? { response: 1 },
}
export const shell = { openExternal: async (url) => calls.push(['openExternal', url]) }

const frame = (url) => ({ url, parent: null })
export const windows = []

export class BrowserWindow extends EventEmitter {
  constructor(options) {
    super()
    this.options = options
    this.webContents = new WebContents(this)
    windows.push(this)
    app.emit('web-contents-created', {}, this.webContents)
  }
  setTitle(title) {
    calls.push(['title', title])
  }
  setDocumentEdited() {}
  setRepresentedFilename() {}
  focus() {}
  maximize() {
    calls.push(['maximize'])
  }
  isMaximized() {
    return true
  }
  isMinimized() {
    return false
  }
  restore() {}
  destroy() {
    calls.push(['destroy'])
  }
  getNormalBounds() {
    return { x: 10, y: 20, width: 1000, height: 700 }
  }
  loadURL(url) {
    return this.webContents.load(url)
  }
}

class WebContents extends EventEmitter {
  constructor(window) {
    super()
    this.window = window
  }
  setWindowOpenHandler(f) {
    this.openHandler = f
  }
  reload() {
    calls.push(['reload'])
  }
  isDestroyed() {
    return false
  }
  send(channel, ...args) {
    calls.push(['send', channel, ...args])
    void this.page?.evaluate(([c, a]) => globalThis.__hear(c, a), [channel, args]).catch(() => {})
  }
  async load(url) {
    const server = createServer(async (request, response) => {
      const answer = await schemes.get('app')({ url: `app://lab${request.url}` })
      response.writeHead(answer.status, Object.fromEntries(answer.headers))
      response.end(Buffer.from(await answer.arrayBuffer()))
    })
    await new Promise((done) => server.listen(0, '127.0.0.1', done))
    this.browser = await chromium.launch({ executablePath: process.env.KLAB_TEST_BROWSER })
    this.page = await this.browser.newPage({ viewport: { width: 1280, height: 800 } })
    this.problems = []
    this.page.on('pageerror', (error) => this.problems.push(String(error)))
    await this.page.exposeBinding('__invoke', (_source, channel, args) => this.invoke(channel, args))
    await this.page.exposeBinding('__send', (_source, channel, message) => {
      ipcMain.emit(channel, { senderFrame: frame('app://lab/index.html') }, clone(message))
    })
    const preload = readFileSync(this.window.options.webPreferences.preload, 'utf8')
    const args = JSON.stringify(this.window.options.webPreferences.additionalArguments)
    await this.page.addInitScript(`(${preloadHost})(${JSON.stringify(preload)}, ${args})`)
    await this.page.goto(`http://127.0.0.1:${server.address().port}${new URL(url).pathname}`)
  }
  async invoke(channel, args, url = 'app://lab/index.html') {
    const answer = handlers.get(channel)
    if (!answer) throw new Error(`No handler registered for '${channel}'`)
    return clone(await answer({ senderFrame: frame(url) }, ...clone(args)))
  }
}

/** Runs in the page: what a preload script sees of Electron. */
function preloadHost(code, args) {
  const ears = new Map()
  globalThis.__hear = (channel, list) => ears.get(channel)?.forEach((f) => f({}, ...list))
  const electron = {
    contextBridge: { exposeInMainWorld: (name, api) => (globalThis[name] = Object.freeze(api)) },
    ipcRenderer: {
      invoke: (channel, ...list) => globalThis.__invoke(channel, list),
      send: (channel, message) => void globalThis.__send(channel, message),
      on: (channel, f) => ears.set(channel, (ears.get(channel) ?? new Set()).add(f)),
      removeListener: (channel, f) => ears.get(channel)?.delete(f),
    },
  }
  const run = new Function('require', 'module', 'exports', 'process', code)
  run(() => electron, { exports: {} }, {}, { platform: 'linux', argv: args })
}
