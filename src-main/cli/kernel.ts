import { createBirpc } from 'birpc'
import type { CompareProgress, ExploreProgress, KernelApi, KernelEvents, Problem } from '../../src-sim/protocol'
import { startKernel } from '../host/start-kernel'
import { UsageError } from './errors'
import { VERSION } from './version'

/** The kernel as the command line sees it: every function answers a promise. */
export type Kernel = {
  [K in keyof KernelApi]: (...args: Parameters<KernelApi[K]>) => Promise<Awaited<ReturnType<KernelApi[K]>>>
}

/** The worker died under the lab: out of memory, for example. Not a mistake of klab. */
export class KernelLost extends Error {}

/** Runs `use` with a fresh kernel worker and ends the worker afterwards. */
export async function withKernel<T>(
  use: (kernel: Kernel) => Promise<T>,
  onProgress: (progress: ExploreProgress) => void = () => {},
  onCompared: (progress: CompareProgress) => void = () => {},
): Promise<T> {
  const { connection } = startKernel({ version: VERSION })
  const rpc = createBirpc<KernelApi, KernelEvents>(
    { status: () => {}, exploreProgress: onProgress, compareProgress: onCompared },
    {
      post: (message) => connection.post(message),
      on: (listener) => void connection.onMessage(listener),
      timeout: -1,
    },
  )
  const lost = new Promise<never>((_, reject) => {
    connection.onClose((reason) => reject(new KernelLost(reason)))
  })
  lost.catch(() => {})
  try {
    return await Promise.race([use(rpc as unknown as Kernel), lost])
  } finally {
    connection.close()
  }
}

export function refuseProblems(problems: Problem[]): void {
  if (problems.length === 0) return
  throw new UsageError(
    problems.map((p) => `${p.file}:${p.line}:${p.column}: ${p.message}`).join('\nklab: '),
  )
}
