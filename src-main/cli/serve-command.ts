import { startServer } from '../serve/server'
import { openInBrowser } from '../serve/browser'

/** Serves the app until the program is ended. */
export async function serveCommand(flags: { port?: number }): Promise<number> {
  const { url } = await startServer({ port: flags.port ?? 0 })
  console.log(url)
  await new Promise<never>(() => {})
  return 0
}

/** Opens the app, on a lab or bundle when one is named, and stays until its window is closed. */
export async function openCommand(what: string | undefined, flags: { port?: number }): Promise<number> {
  const server = await startServer({ port: flags.port ?? 0, open: what ?? null })
  await openInBrowser(server.url)
  await server.close()
  return 0
}
