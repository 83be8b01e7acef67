import { existsSync, readFileSync } from 'node:fs'
import { UsageError } from './errors'
import { KernelLost } from './kernel'

export function readInput(path: string): Uint8Array {
  if (!existsSync(path)) throw new UsageError(`There is no file '${path}'.`)
  return new Uint8Array(readFileSync(path))
}

/** What the kernel worker refuses in a file is the file's fault, not klab's. */
export async function fileFault<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof KernelLost) throw error
    throw new UsageError((error as Error).message)
  }
}
