import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExportFormat } from '../../src-sim/protocol'
import { fileFault, readInput } from './input-file'
import { withKernel } from './kernel'
import { untar } from './untar'

/** Formats that are a folder; where a `.tar` file is asked for they stay packed. */
const FOLDERS: readonly string[] = ['ctf']

export async function exportCommand(
  path: string,
  flags: { format: string; output: string },
): Promise<number> {
  const bytes = readInput(path)
  return withKernel(async (kernel) => {
    await fileFault(kernel.openTrace(bytes))
    const exported = await fileFault(kernel.exportTrace(flags.format as ExportFormat))
    if (FOLDERS.includes(flags.format) && !flags.output.endsWith('.tar')) {
      mkdirSync(flags.output, { recursive: true })
      for (const [name, file] of untar(exported.bytes)) writeFileSync(join(flags.output, name), file)
    } else writeFileSync(flags.output, exported.bytes)
    console.error(`${flags.output}: ${exported.bytes.length} bytes`)
    return 0
  })
}
