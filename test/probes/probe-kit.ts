import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { LabSource, RunResult } from '../../src-sim/protocol'

/** Probes as labs: what was recorded on Linux, written as drivers and run as users run them. */
const LABS = resolve(import.meta.dirname, 'labs')
const GOLDEN = resolve(import.meta.dirname, '../oracle/golden')

const isHeader = (name: string): boolean => /^(klab|user)/.test(name)

const read = (path: string): string => readFileSync(path, 'utf8')

export const labFiles = (): Record<string, string> =>
  Object.fromEntries(readdirSync(LABS).map((name) => [name, read(resolve(LABS, name))]))

export const probeIds = (): string[] =>
  readdirSync(LABS)
    .filter((name) => !isHeader(name) && !name.includes('.scenario.'))
    .map((name) => name.replace(/\.ts$/, ''))

/** The lab of a probe: its driver, the headers that all share, and its scenario if it has one. */
export function probeLab(id: string): LabSource {
  const all = labFiles()
  const name = id.replaceAll('-', '_')
  const files: Record<string, string> = {
    'lab.json': JSON.stringify({ title: id, modules: [{ name, entry: `${id}.ts` }] }),
    [`${id}.ts`]: all[`${id}.ts`]!,
  }
  for (const [path, text] of Object.entries(all)) if (isHeader(path)) files[path] = text
  const scenario = all[`${id}.scenario.ts`]
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
  /^(BUG: |WARNING: |ODEBUG: |Unbalanced |workqueue: |refcount_t|kobject: |sysfs: |Error: |Voluntary |inconsistent |remove_proc_entry|pcieport |DMA-API: |platform |kernel BUG |Oops: |klab\/\d\/\d+ is trying to |\S+ \S+: (probe with driver .* failed|enabling device|Resources present))/

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

export function goldenOf(id: string): string[] {
  const lines = read(resolve(GOLDEN, `${id}.txt`)).trimEnd().split('\n')
  return folded(lines.map((line) => (line.startsWith('REPORT') ? comparable(line) : line)))
}
