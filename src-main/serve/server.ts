import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, extname, join, normalize, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LabSource } from '../../src-sim/protocol'
import { cspFor, MIME } from './headers'

export interface ServeOptions {
  /** 0 takes a free one. */
  port: number
  /** What to open: a built-in lab, or a lab or bundle that was read from the disk. */
  open?: OpenedHere | null
  /** Folder of the app's files; default: the built one. */
  root?: string
}

export type OpenedHere =
  | { kind: 'builtin'; id: string }
  | { kind: 'lab'; lab: LabSource; location: null }
  | { kind: 'bundle'; name: string; bytes: Uint8Array }

export interface Server {
  url: string
  close(): Promise<void>
}

interface Site {
  root: string
  token: string
  /** Cookies are shared by all ports of a host, so each server needs a name of its own. */
  cookie: string
  open: OpenedHere | null
}

/**
 * The app as a local page: 127.0.0.1 only, and only for the browser that was given the address
 * with its token (which becomes a cookie). The page needs no server but for its files.
 */
export async function startServer(options: ServeOptions): Promise<Server> {
  const token = randomBytes(16).toString('hex')
  const site: Site = { root: options.root ?? rendererRoot(), token, cookie: 'klab', open: options.open ?? null }
  const server = createServer((request, response) => answer(site, request, response))
  await new Promise<void>((done, failed) => {
    server.once('error', failed)
    server.listen(options.port, '127.0.0.1', done)
  })
  const { port } = server.address() as AddressInfo
  site.cookie = `klab-${port}`
  return {
    url: `http://127.0.0.1:${port}/?token=${token}${queryOf(site.open)}`,
    close: () => new Promise((done) => server.close(() => done())),
  }
}

function queryOf(open: OpenedHere | null): string {
  if (open === null) return ''
  return open.kind === 'builtin' ? `&lab=${encodeURIComponent(open.id)}` : '&opened=1'
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

function answer(site: Site, request: IncomingMessage, response: ServerResponse): void {
  const url = addressOf(request.url ?? '/')
  if (url === null) return refuse(response, 400)
  const { token, cookie } = site
  const known = (request.headers.cookie ?? '').split(/;\s*/).includes(`${cookie}=${token}`)
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405)
  if (!known && url.searchParams.get('token') !== token) return refuse(response, 403)
  if (url.pathname === '/opened.json') return answerOpened(site, response)
  const path = fileFor(site.root, url.pathname)
  if (path === null) return refuse(response, 404)
  const headers: Record<string, string> = {
    'content-type': MIME[extname(path).slice(1)] ?? 'application/octet-stream',
    'content-security-policy': cspFor(url.pathname),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': url.pathname.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-store',
  }
  if (!known) headers['set-cookie'] = `${cookie}=${token}; HttpOnly; SameSite=Strict; Path=/`
  response.writeHead(200, headers)
  response.end(request.method === 'HEAD' ? undefined : readFileSync(path))
}

/** Null for what is no address, such as `//`. */
function addressOf(text: string): URL | null {
  try {
    return new URL(text, 'http://127.0.0.1')
  } catch {
    return null
  }
}

/** What the page is to open; the bytes of a bundle travel as base64. */
function answerOpened(site: Site, response: ServerResponse): void {
  const { open } = site
  if (open === null || open.kind === 'builtin') return refuse(response, 404)
  const document =
    open.kind === 'lab' ? open : { ...open, bytes: Buffer.from(open.bytes).toString('base64') }
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(document))
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
    400: 'This is no address of the app.',
    403: 'This page needs the address that klab printed, with its token.',
    404: 'There is no such file.',
    405: 'Only reading is possible here.',
  }
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(text[status])
}
