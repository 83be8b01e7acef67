import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Connection } from '../../src-sim/protocol'
import { BLACK_BOX_WORDS, lastSeen } from '../../src-sim/lab/black-box'
import { fromWorker } from './port-connection'

/** Memory that a lab may take before its worker is ended. */
export const HEAP_MAX_MB = 1024

/**
 * Room for what was made last. A machine lives for one schedule: in the room that engines give by
 * themselves many are still alive when it is full, and are copied for nothing.
 */
const YOUNG_MAX_MB = 192

export interface StartedKernel {
  connection: Connection
}

/** Starts a kernel worker: no environment, bounded memory, and its death told in one sentence. */
export function startKernel(options: { version: string }): StartedKernel {
  const blackBox = new Int32Array(new SharedArrayBuffer(4 * BLACK_BOX_WORDS))
  const worker = new Worker(workerFile(), {
    workerData: { version: options.version, blackBox },
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MB, maxYoungGenerationSizeMb: YOUNG_MAX_MB },
  })
  const connection = fromWorker(worker, (error) => reasonOf(error, blackBox))
  return { connection }
}

function reasonOf(error: Error | null, blackBox: Int32Array): string {
  if (error === null) return 'The kernel worker ended.'
  if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
    const seen = lastSeen(blackBox)
    return `The lab ran out of memory (limit ${HEAP_MAX_MB} MiB)${seen ? ` at ${seen}` : ''}.`
  }
  return `The kernel worker stopped: ${error.message}`
}

/** Beside this file in a bundle, or one level up when the bundler put this code into a chunk. */
function workerFile(): string {
  for (const candidate of ['./kernel-worker.js', '../kernel-worker.js']) {
    const path = fileURLToPath(new URL(candidate, import.meta.url))
    if (existsSync(path)) return path
  }
  throw new Error('kernel-worker.js is missing. Run `npm run build`.')
}
