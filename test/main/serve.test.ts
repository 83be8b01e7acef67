import { request } from 'node:http'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cspFor } from '../../src-main/serve/headers'
import { fileFor, startServer, type Server } from '../../src-main/serve/server'

let dir: string
let root: string

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'klab-serve-'))
  root = join(dir, 'site')
  mkdirSync(join(root, 'assets'), { recursive: true })
  writeFileSync(join(dir, 'secret.txt'), 'secret')
  writeFileSync(join(root, 'index.html'), '<p>')
  writeFileSync(join(root, 'assets', 'a.js'), '1')
})
afterAll(() => rmSync(dir, { recursive: true }))

describe('the local server', () => {
  it('finds its own files', () => {
    expect(fileFor(root, '/')).toBe(join(root, 'index.html'))
    expect(fileFor(root, '/assets/a.js')).toBe(join(root, 'assets', 'a.js'))
  })

  it.each(['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/assets/../../secret.txt', '/%00', '/%', '/assets'])(
    'refuses %s',
    (path) => {
      expect(fileFor(root, path)).toBeNull()
    },
  )

  it('lets only the kernel worker make code, and that reach nothing', () => {
    expect(cspFor('/')).not.toContain('unsafe-eval')
    expect(cspFor('/assets/index-1.js')).not.toContain('unsafe-eval')
    expect(cspFor('/assets/kernel-worker-abc.js')).toContain("'unsafe-eval'")
    expect(cspFor('/assets/kernel-worker-abc.js')).toContain("connect-src 'none'")
  })
})

/** A raw request: `fetch` would tidy the path before sending it. */
function ask(server: Server, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const { hostname, port } = new URL(server.url)
  return new Promise((done, failed) => {
    const asked = request({ hostname, port, path, headers, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('end', () => {
        const cookie = response.headers['set-cookie']?.[0] ?? ''
        done({ status: response.statusCode!, csp: response.headers['content-security-policy'], cookie, body })
      })
    })
    asked.once('error', failed).end()
  })
}

interface Answer {
  status: number
  csp: string | string[] | undefined
  cookie: string
  body: string
}

describe('a running server', () => {
  let server: Server
  beforeAll(async () => {
    const lab = { id: 'own', files: { 'lab.json': '{}' } }
    server = await startServer({ port: 0, root, open: { kind: 'lab', lab, location: null } })
  })
  afterAll(() => server.close())
  const tokenOf = (): string => new URL(server.url).searchParams.get('token')!

  it('answers only who has the token, or the cookie it was changed for', async () => {
    expect((await ask(server, '/')).status).toBe(403)
    expect((await ask(server, '/?token=0')).status).toBe(403)
    const first = await ask(server, `/?token=${tokenOf()}`)
    expect(first.status).toBe(200)
    expect(first.csp).toContain("default-src 'none'")
    const cookie = first.cookie.split(';')[0]!
    expect(cookie).toContain(new URL(server.url).port)
    expect((await ask(server, '/', { cookie })).status).toBe(200)
  })

  it.each(['//', '/%2e%2e/%2e%2e/package.json', '/../../package.json'])('refuses %s and lives on', async (path) => {
    const joined = `${path}${path.includes('?') ? '&' : '?'}token=${tokenOf()}`
    expect((await ask(server, joined)).status).toBeGreaterThanOrEqual(400)
    expect((await ask(server, `/?token=${tokenOf()}`)).status).toBe(200)
  })

  it('hands over what it was started with', async () => {
    expect((await ask(server, '/opened.json')).status).toBe(403)
    const { body } = await ask(server, `/opened.json?token=${tokenOf()}`)
    expect(JSON.parse(body)).toMatchObject({ kind: 'lab', lab: { id: 'own' } })
  })
})
