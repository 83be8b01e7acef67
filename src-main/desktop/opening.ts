import { dialog, type BrowserWindow } from 'electron'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { openedFrom, type OpenedPath } from './files'

/**
 * Things asked to be opened from outside: on the command line, by a double click, by a second
 * start. They wait until the page says that it listens, also after it was loaded again.
 */
export class Opening {
  #waiting: string[] = []
  #listening: BrowserWindow | null = null

  open(path: string): void {
    if (this.#listening) this.#send(this.#listening, path)
    else this.#waiting.push(path)
  }

  /** The page listens from now on; answers what waited for it. */
  listen(window: BrowserWindow): OpenedPath[] {
    this.#listening = window
    return this.#waiting.splice(0).flatMap((path) => read(path) ?? [])
  }

  /** The page is gone or being loaded anew. */
  pause(): void {
    this.#listening = null
  }

  #send(window: BrowserWindow, path: string): void {
    const opened = read(path)
    if (opened) window.webContents.send('opened', opened)
  }
}

function read(path: string): OpenedPath | null {
  try {
    return openedFrom(path)
  } catch (error) {
    dialog.showErrorBox('That could not be opened', (error as Error).message)
    return null
  }
}

/** Paths among the arguments of a start; `own` is the folder that Electron was started on. */
export function pathsIn(argv: string[], from: string, own: string): string[] {
  return argv
    .slice(1)
    .filter((argument) => !argument.startsWith('-'))
    .map((argument) => resolve(from, argument))
    .filter((path) => path !== resolve(own) && existsSync(path))
}
