import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join, resolve, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

const LOCK_STALE_MS = 300_000

/** The newest change below some folders. */
export function newest(...folders) {
  let latest = 0
  const visit = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const full = join(path, entry.name)
      if (entry.isDirectory()) visit(full)
      else latest = Math.max(latest, statSync(full).mtimeMs)
    }
  }
  for (const folder of folders) visit(join(root, folder))
  return latest
}

/** Whether something built is there and newer than all it was made from. */
export function newerThan(built, ...folders) {
  return existsSync(built) && statSync(built).mtimeMs > newest(...folders)
}

/** Builds what is not `fresh`; one process at a time, the others wait for it. */
export async function buildOnce(name, fresh, build) {
  if (fresh()) return
  const lock = join(root, 'out', `.building-${name}`)
  mkdirSync(join(root, 'out'), { recursive: true })
  while (!taken(lock)) {
    await new Promise((done) => setTimeout(done, 100))
    if (fresh()) return
  }
  const release = () => rmSync(lock, { recursive: true, force: true })
  const interrupted = () => process.exit(130)
  process.once('exit', release)
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  try {
    if (!fresh()) await build()
  } finally {
    process.off('exit', release)
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', interrupted)
    release()
  }
}

/** A lock is a folder: making one either works or does not, for everybody. */
function taken(lock) {
  try {
    mkdirSync(lock)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    const { mtimeMs } = statSync(lock, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() }
    if (Date.now() - mtimeMs > LOCK_STALE_MS) rmSync(lock, { recursive: true, force: true })
    return false
  }
}

/** Builds the command line when it is missing or older than its sources. */
export function ensureNodeSide() {
  const fresh = () => newerThan(join(root, 'out/main/cli.js'), 'src-sim', 'src-main')
  return buildOnce('node', fresh, async () => {
    const { buildNodeSide } = await import('./node-side.mjs')
    await buildNodeSide()
  })
}
