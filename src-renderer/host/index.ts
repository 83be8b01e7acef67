import { createDesktopHost } from './desktop'
import type { Host } from './host'
import { createWebHost } from './web'

export type * from './host'

/** The host for where this page runs: the desktop's preload announces itself by one name. */
export function createHost(): Host {
  return 'klabDesktop' in window ? createDesktopHost() : createWebHost()
}
