import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, extname, join, normalize, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cspFor, MIME } from './headers'

export interface ServeOptions {
  /** 0 takes a free one. */
  port: number
  /** A built-in lab to open. */
  open?: string | null
}

export interface Server {
  url: string
  close(): Promise<void>
}

const COOKIE = 'klab'

/**
 * The app as a local page: 127.0.0.1 only, and only for the browser that was given the address
 * with its token (which becomes a cookie). The page needs no server but for its files.
 */
export async function startServer(options: ServeOptions): Promise<Server> {
  const token = randomBytes(16).toString('hex')
  const root = rendererRoot()
  const server = createServer((request, response) => answer(root, token, request, response))
  await new Promise<void>((done, failed) => {
    server.once('error', failed)
    server.listen(options.port, '127.0.0.1', done)
  })
  const { port } = server.address() as AddressInfo
  const lab = options.open ? `&lab=${encodeURIComponent(options.open)}` : ''
  return {
    url: `http://127.0.0.1:${port}/?token=${token}${lab}`,
    close: () => new Promise((done) => server.close(() => done())),
  }
}

function rendererRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url))
  for (let i = 0; i < 6; i++) {
    const candidate = join(dir, 'out', 'renderer')
    if (existsSync(join(candidate, 'index.html'))) return candidate
    dir = dirname(dir)
  }
  throw new Error('The app has not been built. Run `npm run build`.')
}

function answer(root: string, token: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  const known = (request.headers.cookie ?? '').split(/;\s*/).includes(`${COOKIE}=${token}`)
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405)
  if (!known && url.searchParams.get('token') !== token) return refuse(response, 403)
  const path = fileFor(root, url.pathname)
  if (path === null) return refuse(response, 404)
  const headers: Record<string, string> = {
    'content-type': MIME[extname(path).slice(1)] ?? 'application/octet-stream',
    'content-security-policy': cspFor(url.pathname),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': url.pathname.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-store',
  }
  if (!known) headers['set-cookie'] = `${COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/`
  response.writeHead(200, headers)
  response.end(request.method === 'HEAD' ? undefined : readFileSync(path))
}

/** The file behind a path of the address, never one outside the root. */
export function fileFor(root: string, pathname: string): string | null {
  let decoded: string
  try {
    decoded = decodeURIComponent(pathname)
  } catch {
    return null
  }
  if (decoded.includes('\0')) return null
  const path = resolve(root, `.${normalize(`/${decoded}`)}`)
  if (path !== root && !path.startsWith(root + sep)) return null
  const file = path === root ? join(root, 'index.html') : path
  return existsSync(file) && statSync(file).isFile() ? file : null
}

function refuse(response: ServerResponse, status: number): void {
  const text: Record<number, string> = {
    403: 'This page needs the address that klab printed, with its token.',
    404: 'There is no such file.',
    405: 'Only reading is possible here.',
  }
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(text[status])
}
