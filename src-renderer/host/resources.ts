import type { LabManifest, LabSource, LabSummary } from '../../src-sim/protocol'
import type { DocPage, DriverApi } from './host'

/** What the app brings along; loaded when first asked for. The same in every host. */
export const resources = {
  async listBuiltin(): Promise<LabSummary[]> {
    return (await import('virtual:builtin-labs')).default.map(summaryOf)
  },
  async loadBuiltin(id: string): Promise<LabSource> {
    return find((await import('virtual:builtin-labs')).default, id, 'built-in lab')
  },
  async listTemplates(): Promise<LabSummary[]> {
    return (await import('virtual:templates')).default.map(summaryOf)
  },
  async loadTemplate(id: string): Promise<LabSource> {
    return find((await import('virtual:templates')).default, id, 'template')
  },
  async docs(): Promise<DocPage[]> {
    return (await import('virtual:docs')).default
  },
  async driverApi(): Promise<DriverApi> {
    return (await import('virtual:driver-api')).default
  },
}

function find(labs: LabSource[], id: string, what: string): LabSource {
  const lab = labs.find((l) => l.id === id)
  if (!lab) throw new Error(`There is no ${what} called ${id}.`)
  return { id: lab.id, files: { ...lab.files } }
}

function summaryOf(lab: LabSource): LabSummary {
  const m = JSON.parse(lab.files['lab.json']!) as LabManifest
  return {
    id: lab.id,
    title: m.title,
    description: m.description ?? '',
    subsystem: m.subsystem ?? '',
    difficulty: m.difficulty ?? 'intro',
    twin: m.twin ?? null,
    about: m.about ?? [],
    params: m.params ?? {},
  }
}
