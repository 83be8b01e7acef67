import type { Host } from '../host/host'
import type { KeyValueStore } from './stores/settings'

let current: Host | null = null

/** Called once, before anything is mounted; tests give a double. */
export function setHost(host: Host): void {
  current = host
}

export function host(): Host {
  if (!current) throw new Error('The window was started without a host.')
  return current
}

export function isMac(): boolean {
  return current?.os === 'mac'
}

/** Settings and layouts: small, personal, and the app must work where storage is refused. */
export const keep: KeyValueStore = {
  get(key) {
    try {
      const text = localStorage.getItem(`klab.${key}`)
      return Promise.resolve(text === null ? undefined : (JSON.parse(text) as unknown))
    } catch {
      // Storage may be blocked, or hold something damaged: the defaults apply then.
      return Promise.resolve(undefined)
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`klab.${key}`, JSON.stringify(value))
    } catch {
      // Full or blocked storage costs the settings of the next start, nothing of the work.
    }
    return Promise.resolve()
  },
}
