import * as v from 'valibot'
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate'
import { LabSource, NO_MARKS, RunOptions, TraceMarks } from '../protocol'
import { RunReport } from './run-report'

/**
 * A bundle (.klab) is everything another person needs to see the same run: sources, settings, the
 * recorded choices, the trace and its hash. A ZIP file:
 *
 *   manifest.json   format version, klab version, title, run options with choices, trace hash, notes,
 *                   bookmarks and markers
 *   lab/...         the lab's files
 *   trace.bin       the trace as src-sim/trace encodes it
 *   report.json     findings with their stacks, and the kernel log
 *
 * Reading a bundle runs nothing of it.
 */
export const BUNDLE_VERSION = 1

const FILES_MAX = 500
const BYTES_MAX = 512 * 1024 * 1024

const Manifest = v.object({
  format: v.literal('klab-bundle'),
  version: v.number(),
  klab: v.string(),
  lab: v.string(),
  options: RunOptions,
  traceHash: v.string(),
  notes: v.optional(v.string(), ''),
  marks: v.optional(TraceMarks, NO_MARKS),
})

export interface Bundle {
  lab: LabSource
  options: RunOptions
  klab: string
  traceHash: string
  notes: string
  marks: TraceMarks
  trace: Uint8Array
  /** Null in bundles of klab versions that did not keep it. */
  report: RunReport | null
}

export function packBundle(bundle: Bundle): Uint8Array {
  const manifest = {
    format: 'klab-bundle',
    version: BUNDLE_VERSION,
    klab: bundle.klab,
    lab: bundle.lab.id,
    options: bundle.options,
    traceHash: bundle.traceHash,
    notes: bundle.notes,
    marks: bundle.marks,
  }
  const mtime = '2020-01-01T00:00:00Z'
  const files: Parameters<typeof zipSync>[0] = {
    'manifest.json': [strToU8(JSON.stringify(manifest, null, 2)), { mtime }],
    'trace.bin': [bundle.trace, { mtime, level: 3 }],
  }
  if (bundle.report) files['report.json'] = [strToU8(JSON.stringify(bundle.report)), { mtime }]
  for (const path of Object.keys(bundle.lab.files).sort())
    files[`lab/${path}`] = [strToU8(bundle.lab.files[path]!), { mtime }]
  return zipSync(files)
}

/** Reads a bundle; anything wrong with it is one sentence (an `Error`). */
export function readBundle(bytes: Uint8Array): Bundle {
  const entries = unzip(bytes)
  const manifest = readJson(entries, 'manifest.json', Manifest)
  if (!manifest) throw new Error('This is no klab bundle: it has no manifest.json.')
  if (manifest.version > BUNDLE_VERSION)
    throw new Error(
      `This bundle has format version ${manifest.version}; this klab reads up to ` +
        `${BUNDLE_VERSION}. Open it with a newer klab.`,
    )
  const files: Record<string, string> = {}
  for (const [path, content] of Object.entries(entries))
    if (path.startsWith('lab/')) files[path.slice(4)] = strFromU8(content)
  return {
    lab: { id: manifest.lab, files },
    options: manifest.options,
    klab: manifest.klab,
    traceHash: manifest.traceHash,
    notes: manifest.notes,
    marks: manifest.marks,
    trace: entries['trace.bin'] ?? new Uint8Array(),
    report: readJson(entries, 'report.json', RunReport),
  }
}

/** Null when the bundle has no such file. */
function readJson<T>(
  entries: Record<string, Uint8Array>,
  name: string,
  schema: v.GenericSchema<unknown, T>,
): T | null {
  const text = entries[name]
  if (!text) return null
  let json: unknown
  try {
    json = JSON.parse(strFromU8(text))
  } catch {
    throw new Error(`This bundle is damaged: its ${name} is not valid JSON.`)
  }
  const parsed = v.safeParse(schema, json)
  if (!parsed.success)
    throw new Error(`This bundle is damaged: ${parsed.issues[0].message} in its ${name}.`)
  return parsed.output
}

function unzip(bytes: Uint8Array): Record<string, Uint8Array> {
  let count = 0
  let total = 0
  let refused = ''
  try {
    return unzipSync(bytes, {
      filter(file) {
        count++
        total += file.originalSize
        const parts = file.name.split('/')
        if (file.name.startsWith('/') || file.name.includes('\\') || parts.includes('..'))
          refused = `it names the path ${file.name} outside itself`
        if (count > FILES_MAX) refused = `it has more than ${FILES_MAX} files`
        if (total > BYTES_MAX) refused = `it unpacks to more than ${BYTES_MAX >> 20} MiB`
        if (refused !== '') throw new Error(refused)
        return !file.name.endsWith('/')
      },
    })
  } catch {
    if (refused !== '') throw new Error(`This bundle was refused: ${refused}.`)
    throw new Error('This is no klab bundle: it is not a ZIP file, or it is cut off.')
  }
}
