import { createBirpc } from 'birpc'
import type {
  CompareCell,
  CompareOptions,
  CompareProgress,
  CompareResult,
  KernelApi,
  KernelEvents,
  LabSource,
} from '../../protocol'
import type { Sandbox } from '../../sandbox'
import type { KernelHost } from '../kernel-worker'
import type { LabProgram } from '../program'
import { compareLabs } from './compare'

/** A comparison under way. Cancelled, it answers with the cells that are decided. */
export interface Comparison {
  result: Promise<CompareResult>
  cancel(): void
}

interface Remote {
  result: Promise<CompareResult>
  cancel(): void
  close(): void
}

/** Deals the cells out to as many workers as asked for; what comes out depends on no number of them. */
export function compareInWorkers(
  programs: readonly LabProgram[],
  sandbox: Sandbox,
  options: CompareOptions,
  host: KernelHost,
  tell: (progress: CompareProgress) => void,
): Comparison {
  const jobs = options.shard ? 1 : Math.max(1, options.jobs ?? host.cores)
  const labs = programs.map((p) => p.lab)
  const shardOf = (index: number): CompareOptions =>
    jobs === 1 ? options : { ...options, shard: { index, of: jobs } }
  let cancelled = false
  let done = 0
  const note = ({ total, cell }: CompareProgress): void =>
    tell({ done: cell ? ++done : done, total, cell })
  const remotes: Remote[] = []
  for (let index = 1; index < jobs; index++)
    remotes.push(remoteShard(labs, shardOf(index), host, (p) => p.cell && note(p)))
  const own = compareLabs(programs, sandbox, shardOf(0), {
    now: () => host.now(),
    pause: () => host.pause(),
    cancelled: () => cancelled,
    progress: note,
  })
  return {
    result: Promise.all([own, ...remotes.map((r) => r.result)])
      .then(merge)
      .finally(() => remotes.forEach((r) => r.close())),
    cancel: () => {
      cancelled = true
      for (const remote of remotes) remote.cancel()
    },
  }
}

function remoteShard(
  labs: LabSource[],
  options: CompareOptions,
  host: KernelHost,
  tell: (progress: CompareProgress) => void,
): Remote {
  const connection = host.spawn()
  const rpc = createBirpc<KernelApi, KernelEvents>(
    { status: () => {}, exploreProgress: () => {}, compareProgress: tell },
    {
      post: (message) => connection.post(message),
      on: (listener) => void connection.onMessage(listener),
      timeout: -1,
    },
  )
  const result = new Promise<CompareResult>((done, failed) => {
    connection.onClose((reason) => failed(new Error(reason)))
    rpc.compare(labs, options).then(done, failed)
  })
  return { result, cancel: () => void rpc.cancelCompare(), close: () => connection.close() }
}

/** The cells in the order in which one worker alone would have decided them. */
function merge(shards: CompareResult[]): CompareResult {
  const [first] = shards
  const place = ({ lab, disturbance }: CompareCell): number =>
    first!.labs.findIndex((l) => l.id === lab) * first!.disturbances.length +
    first!.disturbances.findIndex((d) => d.id === disturbance)
  return {
    ...first!,
    cells: shards.flatMap((s) => s.cells).sort((a, b) => place(a) - place(b)),
    complete: shards.every((s) => s.complete),
  }
}
