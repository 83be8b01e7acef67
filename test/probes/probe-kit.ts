import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { LabSource, RunResult } from '../../src-sim/protocol'

/**
 * Probes as labs: drivers that print what they see, run as users run them. Those in `labs` were
 * recorded on Linux; those in `more` try further functions, whose answers were worked out.
 */
const FOLDERS = { labs: '../oracle/golden', more: 'expected' } as const
type Folder = keyof typeof FOLDERS
const here = (path: string): string => resolve(import.meta.dirname, path)

const isHeader = (name: string): boolean => /^(klab|user)/.test(name)

const read = (path: string): string => readFileSync(path, 'utf8')

const filesIn = (folder: Folder): [string, string][] =>
  readdirSync(here(folder)).map((name) => [name, read(here(`${folder}/${name}`))])

/** All files of all probes, by name. */
export const labFiles: Readonly<Record<string, string>> = Object.fromEntries([
  ...filesIn('labs'),
  ...filesIn('more'),
])

export const probeIds = (folder: Folder): string[] =>
  readdirSync(here(folder))
    .filter((name) => !isHeader(name) && !name.includes('.scenario.'))
    .map((name) => name.replace(/\.ts$/, ''))

/** The lab of a probe: its driver, the headers that all share, and its scenario if it has one. */
export function probeLab(id: string): LabSource {
  const name = id.replaceAll('-', '_')
  const files: Record<string, string> = {
    'lab.json': JSON.stringify({ title: id, modules: [{ name, entry: `${id}.ts` }] }),
    [`${id}.ts`]: labFiles[`${id}.ts`]!,
  }
  for (const [path, text] of Object.entries(labFiles)) if (isHeader(path)) files[path] = text
  const scenario = labFiles[`${id}.scenario.ts`]
  files['scenario.ts'] =
    scenario ??
    `import { insmod } from 'klab/scenario'\nexport default function () {\n  insmod('${name}')\n}\n`
  return { id, files }
}

/** Addresses, numbers of tasks and interrupts, and line numbers differ from machine to machine. */
const comparable = (line: string): string =>
  line
    .replace(/(\.[ch]):\d+( at|!$)/, '$1$2')
    .replace(/object: [0-9a-f]{16}/, 'object: ADDR')
    .replace(/\(([0-9a-f]{16})\)/, '(ADDR)')
    .replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/g, '')
    .replace(/(device address=|DMA addr )0x[0-9a-f]+/, '$10xADDR')
    .replace(/IRQ \d+$/, 'IRQ N')
    .replace(/'irq\/\d+'/, "'irq/N'")
    // A static function that is called once is inlined in C.
    .replace(/(KASAN: \S+ in )\w+( \[\w+\])$/, '$1CALLER$2')
    .replace(/, CPU#\d+: .*/, '')
    .replace(/(invalid context at ).*/, '$1FILE')
    .replace(/\b(insmod|klab\/\d)\/\d+/, '$1/PID')

const REPORT =
  /^(BUG: |\[ BUG: |WARNING: |ODEBUG: |Unbalanced |workqueue: |refcount_t|kobject: |sysfs: |Error: |Voluntary |inconsistent |remove_proc_entry|debugfs: |seq_file: |pcieport |DMA-API: |DMAR: |pci \S+: Adding to iommu |platform |kernel BUG |Oops: |klab\/\d\/\d+ is trying to |\S+ \S+: (probe with driver .* failed|enabling device|Resources present))/

/** A report that follows itself is folded into one, as it was when it was recorded. */
const folded = (lines: string[]): string[] =>
  lines.filter((line, i) => !line.startsWith('REPORT') || line !== lines[i - 1])

export function linesOf(result: RunResult): string[] {
  const lines: string[] = []
  for (const raw of result.dmesg) {
    const text = raw.replace(/^\[[^\]]*\] /, '')
    if (/^(KLAB|MONITOR) /.test(text)) lines.push(text)
    else if (REPORT.test(text)) lines.push(`REPORT ${comparable(text)}`)
  }
  return folded(lines)
}

export function wantedOf(folder: Folder, id: string): string[] {
  const lines = read(here(`${FOLDERS[folder]}/${id}.txt`)).trimEnd().split('\n')
  return folded(lines.map((line) => (line.startsWith('REPORT') ? comparable(line) : line)))
}
