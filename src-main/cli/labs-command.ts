import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { LabManifest, LabSummary } from '../../src-sim/protocol'
import { UsageError } from './errors'
import { builtinIds, closest, readLab, resources } from './lab-files'

export async function labsCommand(flags: { json?: boolean }): Promise<number> {
  const labs = builtinIds().map(summaryOf)
  if (flags.json) console.log(JSON.stringify(labs))
  else for (const lab of labs) console.log(`${lab.id.padEnd(20)} ${lab.title}`)
  return 0
}

function summaryOf(id: string): LabSummary {
  const m = JSON.parse(readLab(id).files['lab.json']!) as LabManifest
  return {
    id,
    title: m.title,
    description: m.description ?? '',
    subsystem: m.subsystem ?? '',
    difficulty: m.difficulty ?? 'intro',
    twin: m.twin ?? null,
    about: m.about ?? [],
    params: m.params ?? {},
  }
}

function templates(): string[] {
  return readdirSync(join(resources(), 'templates')).sort()
}

export async function newCommand(
  template: string | undefined,
  dir: string | undefined,
  flags: { list?: boolean },
): Promise<number> {
  if (flags.list || template === undefined) {
    for (const name of templates()) console.log(name)
    return 0
  }
  if (!templates().includes(template)) {
    const near = closest(template, templates())
    throw new UsageError(
      `There is no template '${template}'${near ? `: did you mean ${near}?` : '; `klab new --list` lists them.'}`,
    )
  }
  if (dir === undefined) throw new UsageError(`Name a folder to create: klab new ${template} my-lab.`)
  const target = resolve(dir)
  if (existsSync(target) && readdirSync(target).length > 0)
    throw new UsageError(`${dir} is not empty: name a new folder.`)
  mkdirSync(target, { recursive: true })
  cpSync(join(resources(), 'templates', template), target, { recursive: true })
  console.error(`Created ${dir}. Try: klab run ${dir}`)
  return 0
}
