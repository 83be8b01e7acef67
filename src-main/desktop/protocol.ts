import { protocol } from 'electron'
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { cspFor, MIME } from '../serve/headers'
import { fileFor } from '../serve/server'

export const ORIGIN = 'app://lab'

/** Must happen before the app is ready. */
export function declareScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true } },
  ])
}

/** The app's own files and nothing else, with the same headers as the local server gives. */
export function serveApp(root: string): void {
  protocol.handle('app', (request) => answer(root, request.url))
}

export function answer(root: string, address: string): Response {
  const url = new URL(address)
  const path = url.host === 'lab' ? fileFor(root, url.pathname) : null
  if (path === null) return new Response('There is no such file.', { status: 404 })
  return new Response(new Uint8Array(readFileSync(path)), {
    headers: {
      'content-type': MIME[extname(path).slice(1)] ?? 'application/octet-stream',
      'content-security-policy': cspFor(url.pathname),
      'x-content-type-options': 'nosniff',
    },
  })
}
