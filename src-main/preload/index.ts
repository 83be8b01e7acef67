import { contextBridge, ipcRenderer } from 'electron'

/** Channels that the page may use; everything else does not exist for it. */
const ASK = [
  'open-lab', 'open-bundle', 'save-lab', 'save-file', 'recent', 'open-recent', 'clear-recent',
  'load-journal', 'store-journal', 'confirm', 'open-external', 'listen-opened', 'set-menu', 'set-title',
  'kernel-start', 'kernel-stop',
]
const HEAR = ['opened', 'command', 'kernel', 'kernel-closed']

/** The narrow bridge between the page and the main process. Listeners never see the event. */
contextBridge.exposeInMainWorld('klabDesktop', {
  os: process.platform === 'darwin' ? 'mac' : process.platform === 'win32' ? 'windows' : 'linux',
  version: process.argv.find((a) => a.startsWith('--klab-version='))?.slice(15) ?? '',
  invoke(channel: string, ...args: unknown[]) {
    if (!ASK.includes(channel)) return Promise.reject(new Error(`no channel ${channel}`))
    return ipcRenderer.invoke(channel, ...args)
  },
  listen(channel: string, listener: (...args: unknown[]) => void) {
    if (!HEAR.includes(channel)) return () => {}
    const heard = (_event: unknown, ...args: unknown[]): void => listener(...args)
    ipcRenderer.on(channel, heard)
    return () => void ipcRenderer.removeListener(channel, heard)
  },
  send(channel: string, message: unknown) {
    if (channel === 'kernel') ipcRenderer.send('kernel', message)
  },
})
