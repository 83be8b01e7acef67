import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { answers, app, calls, windows } from './electron.mjs'

/** Drives the built main process and preload against the stand-in; prints what it saw as JSON. */
const root = resolve(import.meta.dirname, '../../..')
const dir = process.env.KLAB_TEST_DIR
const named = join(dir, 'bug-01-broken')
const empty = join(dir, 'no-lab')
cpSync(join(root, 'resources/labs/bug-01-broken'), named, { recursive: true })
mkdirSync(empty)
const manifest = JSON.parse(readFileSync(join(named, 'lab.json'), 'utf8'))
writeFileSync(join(named, 'lab.json'), JSON.stringify({ ...manifest, title: 'Named on the command line' }))
const bounds = { x: 5, y: 6, width: 1100, height: 720 }
writeFileSync(join(dir, 'window.json'), JSON.stringify({ bounds, maximized: true }))
process.argv = [process.argv[0], root, '--flag', named, empty, join(dir, 'nowhere')]
await import(join(root, 'out/main/index.js'))
while (!windows[0]?.webContents.page) await new Promise((done) => setTimeout(done, 20))
const { webContents, options } = windows[0]
const { page } = webContents
await page.getByTestId('run').waitFor({ timeout: 30_000 })
await page.waitForFunction(() => document.title.includes('Named on the command line'))
await page.getByTestId('run').click()
await page.waitForFunction(() => /ended/.test(document.querySelector('[data-testid="state"]')?.textContent ?? ''))
const hash = await page.getAttribute('[data-testid="trace-hash"]', 'data-hash')

app.emit('second-instance', {}, ['klab', root, 'bug-01-broken'], dir)
const forwarded = calls.find((c) => c[0] === 'send' && c[1] === 'opened')?.[2]
for (let i = 0; i < 3; i++) webContents.emit('render-process-gone', {}, { reason: 'crashed' })
windows[0].emit('close')

const lab = join(dir, 'lab')
mkdirSync(lab)
writeFileSync(join(lab, 'lab.json'), '{ "title": "own" }')
writeFileSync(join(lab, 'driver.ts'), '// own')
answers.showOpenDialog.push({ canceled: false, filePaths: [lab] })
const opened = await webContents.invoke('open-lab', [])
await webContents.invoke('save-lab', [{ id: 'lab', files: { 'lab.json': '{ "title": "own" }', 'a/b.ts': '// new' } }, lab])
const refused = async (channel, args, url) => webContents.invoke(channel, args, url).then(() => 'answered', (e) => e.message)
const result = {
  hash,
  problems: webContents.problems,
  preferences: options.webPreferences,
  size: [options.x, options.y, options.width, options.height],
  maximized: calls.some((c) => c[0] === 'maximize'),
  kept: JSON.parse(readFileSync(join(dir, 'window.json'), 'utf8')).bounds,
  forwarded: forwarded?.location === named,
  notOpened: calls.filter((c) => c[0] === 'errorBox').map((c) => c[2].replace(dir, '')),
  reloads: calls.filter((c) => c[0] === 'reload').length,
  opened,
  saved: readFileSync(join(lab, 'a/b.ts'), 'utf8'),
  removed: !existsSync(join(lab, 'driver.ts')),
  outside: await refused('save-lab', [{ id: 'x', files: { 'lab.json': '{}', '../evil.ts': 'x' } }, lab]),
  elsewhere: await refused('save-lab', [{ id: 'x', files: {} }, '/etc']),
  foreign: await refused('recent', [], 'https://example.org/'),
  malformed: await refused('open-external', [7]),
  http: await webContents.invoke('open-external', ['http://example.org/']),
  windowOpen: webContents.openHandler({ url: 'https://example.org' }),
  permission: await new Promise((done) => calls.find((c) => c[0] === 'permission')[1](null, 'camera', done)),
  menus: calls.filter((c) => c[0] === 'menu').length > 0,
  recent: await webContents.invoke('recent', []),
}
console.log(`RESULT ${JSON.stringify(result)}`)
await webContents.browser.close()
process.exit(0)
