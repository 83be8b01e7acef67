import { dialog, type BrowserWindow } from 'electron'

const CRASHES_MAX = 3
const WITHIN_MS = 60_000

/** A page that crashed is loaded again, with its work from the journal; not for ever, though. */
export function reloadAfterCrash(window: BrowserWindow, onGone: () => void): void {
  let crashes: number[] = []
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    onGone()
    if (reason === 'clean-exit') return
    const now = Date.now()
    crashes = [...crashes.filter((at) => now - at < WITHIN_MS), now]
    if (crashes.length < CRASHES_MAX) return window.webContents.reload()
    void dialog
      .showMessageBox(window, {
        type: 'error',
        message: 'The window keeps crashing.',
        detail: `The last reason was: ${reason}. Your work is kept and comes back with the next start.`,
        buttons: ['Try again', 'Quit'],
        cancelId: 1,
      })
      .then(({ response }) => (response === 0 ? window.webContents.reload() : window.destroy()))
  })
}
