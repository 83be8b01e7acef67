import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { openInBrowser } from '../serve/browser'
import { startServer, type OpenedHere } from '../serve/server'
import { builtinIds, readLab } from './lab-files'

/** Serves the app until the program is ended. */
export async function serveCommand(flags: { port?: number }): Promise<number> {
  const { url } = await startServer({ port: flags.port ?? 0 })
  console.log(url)
  await new Promise<never>(() => {})
  return 0
}

/** Opens the app, on a lab or bundle when one is named, and stays until its window is closed. */
export async function openCommand(what: string | undefined, flags: { port?: number }): Promise<number> {
  const server = await startServer({ port: flags.port ?? 0, open: what === undefined ? null : openedBy(what) })
  await openInBrowser(server.url)
  await server.close()
  return 0
}

/** A built-in lab, a file (a bundle or a trace) or a lab's folder. */
function openedBy(what: string): OpenedHere {
  if (builtinIds().includes(what)) return { kind: 'builtin', id: what }
  if (existsSync(what) && statSync(what).isFile())
    return { kind: 'bundle', name: basename(what), bytes: new Uint8Array(readFileSync(what)) }
  return { kind: 'lab', lab: readLab(what), location: null }
}
