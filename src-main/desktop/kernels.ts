import { ipcMain, type WebContents } from 'electron'
import type { Connection } from '../../src-sim/protocol'
import { startKernel } from '../host/start-kernel'
import { fromOurPage } from './handle'

/** The kernel workers of the page, by number: at most one lives. */
export class Kernels {
  #next = 1
  #live: { id: number; connection: Connection } | null = null
  readonly #version: string

  constructor(version: string) {
    this.#version = version
    ipcMain.on('kernel', (event, message: { id: number; message: unknown }) => {
      if (fromOurPage(event) && this.#live?.id === message.id) this.#live.connection.post(message.message)
    })
  }

  start(page: WebContents): number {
    this.#live?.connection.close()
    const id = this.#next++
    const { connection } = startKernel({ version: this.#version })
    this.#live = { id, connection }
    const tell = (channel: string, what: unknown): void => {
      if (!page.isDestroyed()) page.send(channel, id, what)
    }
    connection.onMessage((message) => tell('kernel', message))
    connection.onClose((reason) => tell('kernel-closed', reason))
    return id
  }

  stop(id: number): void {
    if (this.#live?.id !== id) return
    this.#live.connection.close()
    this.#live = null
  }
}
