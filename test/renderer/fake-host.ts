import type { Host } from '../../src-renderer/host/host'
import type { Connection, LabSource, LabSummary } from '../../src-sim/protocol'
import { fakeKernel, type FakeKernel, type FakeOptions } from './fake-kernel'

const DRIVER = `import { module_pci_driver, pci_get_drvdata, type pci_dev } from 'linux/pci'
import { kzalloc, kfree, GFP_KERNEL } from 'linux/slab'
import { work_struct, INIT_WORK, schedule_work } from 'linux/workqueue'

class demo {
  work = new work_struct()
  handled = 0
}

function demo_work(work: work_struct) {
  const d = container_of(work, demo, 'work')
  d.handled++
}

function demo_irq(irq: number, d: demo) {
  schedule_work(d.work)
  return IRQ_HANDLED
}

function demo_probe(pdev: pci_dev) {
  // One object per device.
  const d = kzalloc(demo, GFP_KERNEL)
  if (!d) return -ENOMEM
  INIT_WORK(d.work, demo_work)
  pci_set_drvdata(pdev, d)
  return request_irq(pdev.irq, demo_irq, 0, 'demo', d)
}

function demo_remove(pdev: pci_dev) {
  const d = pci_get_drvdata<demo>(pdev)
  free_irq(pdev.irq, d)
  kfree(d)
}

module_pci_driver({ name: 'demo', probe: demo_probe, remove: demo_remove })
`

export function fakeLab(id: string): LabSource {
  const twin = id.includes('broken') ? id.replace('broken', 'fixed') : id.replace('fixed', 'broken')
  return {
    id,
    files: {
      'lab.json': JSON.stringify(
        { title: `Work after free (${id})`, twin, run: { seed: 1 } },
        null,
        2,
      ),
      'driver.ts': DRIVER,
      'machine.ts': "import { machine } from 'lab'\n\nexport default machine({ cpus: 2 })\n",
      'scenario.ts': "import { scenario } from 'lab'\n",
      'user.ts': '// what user space does\n',
    },
  }
}

function summary(id: string, subsystem: string, difficulty: string): LabSummary {
  const fixed = id.includes('fixed')
  return {
    id,
    title: `Work after free ${fixed ? '(fixed)' : ''}`,
    subsystem,
    difficulty,
    description: 'remove() frees the object while its work item may still run.',
    twin: null,
    about: ['WQ-03'],
    params: {},
  }
}

export interface FakeHost extends Host {
  kernels: FakeKernel[]
  journal: unknown
  saved: LabSource[]
  files: string[]
  copied: string[]
  answer: boolean
}

export function fakeHost(options: FakeOptions = {}): FakeHost {
  const kernels: FakeKernel[] = []
  const host: FakeHost = {
    platform: 'web',
    os: 'linux',
    version: '0.1.0',
    capabilities: { menu: false, folders: true, recent: false },
    kernels,
    journal: null,
    saved: [],
    files: [],
    copied: [],
    answer: true,
    kernel(): Connection {
      const kernel = fakeKernel(options)
      kernels.push(kernel)
      return kernel.connection
    },
    listBuiltin: () =>
      Promise.resolve([
        summary('bug-01-broken', 'workqueue', 'intro'),
        summary('bug-01-fixed', 'workqueue', 'intro'),
        summary('bug-02-broken', 'interrupts', 'medium'),
        summary('bug-03-broken', 'DMA', 'hard'),
      ]),
    loadBuiltin: (id) => Promise.resolve(fakeLab(id)),
    listTemplates: () =>
      Promise.resolve([
        summary('pci-basic', 'pci', 'intro'),
        summary('misc-device', 'fs', 'intro'),
      ]),
    loadTemplate: (id) => Promise.resolve(fakeLab(id)),
    openLab: () => Promise.resolve(null),
    openBundle: () =>
      Promise.resolve({ kind: 'bundle', name: 'sent.klab', bytes: new Uint8Array([1]) }),
    saveLab: (lab, location) => {
      host.saved.push(lab)
      return Promise.resolve({ id: lab.id, location: location ?? '/labs/mine' })
    },
    saveFile: (name) => {
      host.files.push(name)
      return Promise.resolve(name)
    },
    onOpen: () => () => undefined,
    recent: () => Promise.resolve([]),
    openRecent: () => Promise.reject(new Error('not there')),
    clearRecent: () => Promise.resolve(),
    loadJournal: () => Promise.resolve(host.journal),
    storeJournal: (entry) => {
      host.journal = structuredClone(entry)
      return Promise.resolve()
    },
    confirm: () => Promise.resolve(host.answer),
    openExternal: () => Promise.resolve(true),
    copyText: (text) => {
      host.copied.push(text)
      return Promise.resolve()
    },
    setMenu: () => undefined,
    onCommand: () => () => undefined,
    setTitle: () => undefined,
    docs: () =>
      Promise.resolve([
        {
          id: 'start',
          title: 'Getting started',
          text: '# Getting started\n\nPress **F5**. See [caveats](caveats.md).\n\n```ts\nkfree(d)\n```\n',
        },
        { id: 'caveats', title: 'Caveats', text: '# Caveats\n\n- WQ-03: no cgroups.\n' },
      ]),
    driverApi: () =>
      Promise.resolve({
        files: {
          'linux/slab.ts':
            '/** Allocates zeroed memory. May sleep with GFP_KERNEL. */\nexport declare function kzalloc<T>(type: new () => T, flags: number): T | null\n/** Frees it. */\nexport declare function kfree(p: object | null): void\nexport declare const GFP_KERNEL: number\n',
        },
        paths: { 'linux/*': ['linux/*'] },
      }),
  }
  return host
}
