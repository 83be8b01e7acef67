import { parentPort, workerData } from 'node:worker_threads'
import { availableParallelism } from 'node:os'
import { serveKernel } from '../../src-sim/lab/kernel-worker'
import { startKernel } from './start-kernel'
import { fromPort } from './port-connection'

/** The kernel worker under Node: in Electron's main process and under the command line alike. */
const { version, blackBox } = workerData as { version: string; blackBox: Int32Array }

serveKernel(fromPort(parentPort!), {
  version,
  cores: availableParallelism(),
  spawn: () => startKernel({ version }).connection,
  now: () => performance.now(),
  pause: () => new Promise((resolve) => setImmediate(resolve)),
  heapUsed: () => process.memoryUsage().heapUsed,
  blackBox,
})
