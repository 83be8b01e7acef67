import type { LabSource } from '../../../src-sim/protocol'
import type { Connection } from '../../../src-sim/protocol/connection'
import type { FakeHost } from '../fake-host'
import KernelWorker from './kernel?worker'

const sources = import.meta.glob('../../../resources/labs/*/**/*.{ts,json}', {
  query: '?raw',
  import: 'default',
  eager: true,
}) as Record<string, string>

const linux = import.meta.glob('../../../src-sim/**/*.ts', {
  query: '?raw',
  import: 'default',
}) as Record<string, () => Promise<string>>

const labs = new Map<string, LabSource>()
for (const [path, text] of Object.entries(sources)) {
  const [id = '', ...rest] = path.split('/labs/')[1]!.split('/')
  const lab = labs.get(id) ?? { id, files: {} }
  lab.files[rest.join('/')] = text
  labs.set(id, lab)
}

function connect(): Connection {
  const worker = new KernelWorker()
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => {
      worker.addEventListener('message', (event) => listener(event.data))
      return () => undefined
    },
    onClose: (listener) => {
      worker.addEventListener('error', (event) => listener(event.message))
      return () => undefined
    },
    close: () => worker.terminate(),
  }
}

/** Gives the host double the real kernel, the real labs and the real declarations. */
export function makeReal(host: FakeHost): void {
  host.kernel = connect
  host.listBuiltin = () =>
    Promise.resolve(
      [...labs.values()].map((lab) => {
        const json = JSON.parse(lab.files['lab.json'] ?? '{}') as Record<string, string>
        return {
          id: lab.id,
          title: json.title ?? lab.id,
          description: json.description ?? '',
          subsystem: json.subsystem ?? '',
          difficulty: json.difficulty ?? 'intro',
          twin: json.twin ?? null,
          about: [],
        }
      }),
    )
  host.loadBuiltin = (id) => {
    const lab = labs.get(id)
    return lab ? Promise.resolve(lab) : Promise.reject(new Error(`There is no lab ${id}.`))
  }
  host.driverApi = async () => {
    const files: Record<string, string> = {}
    for (const [path, load] of Object.entries(linux)) {
      files[path.replace('../../../src-sim/', '')] = await load()
    }
    return {
      files,
      paths: {
        'linux/*': ['linux/*'],
        'klab/machine': ['lab/machine-file'],
        'klab/scenario': ['lab/scenario'],
      },
    }
  }
}
