import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join, resolve, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

const LOCK_STALE_MS = 120_000

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

function fresh() {
  const built = join(root, 'out/main/cli.js')
  return existsSync(built) && statSync(built).mtimeMs > newest('src-sim', 'src-main')
}

/** Builds the command line when it is missing or older than its sources; one process at a time. */
export async function ensureNodeSide() {
  if (fresh()) return
  const lock = join(root, 'out/.building')
  mkdirSync(join(root, 'out'), { recursive: true })
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch {
      const age = existsSync(lock) ? Date.now() - statSync(lock).mtimeMs : 0
      if (age > LOCK_STALE_MS) rmSync(lock, { recursive: true, force: true })
      await new Promise((done) => setTimeout(done, 100))
      if (fresh()) return
    }
  }
  try {
    if (!fresh()) {
      const { buildNodeSide } = await import('./node-side.mjs')
      await buildNodeSide()
    }
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}
