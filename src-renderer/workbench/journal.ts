import { watch } from 'vue'
import type { Host } from '../host/host'
import { useLab, useToasts } from './stores'

const QUIET_MS = 300

/**
 * Stores the work in progress shortly after every change and once more when the window goes away.
 * Writes never overlap, and the newest state is always the last one written.
 */
export function keepJournal(host: Host): void {
  const [lab, toasts] = [useLab(), useToasts()]
  let timer: ReturnType<typeof setTimeout> | undefined
  let writing = false
  let pending = false

  async function write(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    pending = true
    if (writing) return
    writing = true
    try {
      while (pending) {
        pending = false
        await host.storeJournal(lab.journal())
      }
    } catch (error) {
      toasts.failed('Your work could not be kept for the next start', error, 'Save it with Ctrl+S.')
    } finally {
      writing = false
    }
  }

  watch(
    () => [
      lab.revision,
      lab.active,
      lab.tabs,
      lab.location,
      lab.origin,
      lab.dirty.length,
      lab.trusted,
    ],
    () => {
      if (!lab.isOpen) return
      clearTimeout(timer)
      timer = setTimeout(() => void write(), QUIET_MS)
    },
  )
  addEventListener('pagehide', () => timer !== undefined && void write())
  document.addEventListener('visibilitychange', () => {
    if (document.hidden && timer !== undefined) void write()
  })
}
