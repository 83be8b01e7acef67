import { BrowserWindow, type Rectangle } from 'electron'

/** The security of the page, spelled out although it is the default: a test holds it. */
export const WEB_PREFERENCES = {
  contextIsolation: true,
  sandbox: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  webviewTag: false,
  spellcheck: false,
}

export function createWindow(preload: string, version: string, bounds?: Rectangle): BrowserWindow {
  return new BrowserWindow({
    width: 1440,
    height: 900,
    ...bounds,
    minWidth: 900,
    minHeight: 600,
    title: 'Kernel Lifecycle Lab',
    backgroundColor: '#1b1e26',
    webPreferences: { ...WEB_PREFERENCES, preload, additionalArguments: [`--klab-version=${version}`] },
  })
}
