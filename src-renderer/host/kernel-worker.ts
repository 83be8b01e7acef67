import { serveKernel } from '../../src-sim/lab/kernel-worker'
import type { Connection } from '../../src-sim/protocol'
import { fromWorker } from './worker-connection'

/** The kernel worker of the browser. It may start more of itself to explore in parallel. */
const scope = self as unknown as {
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void
}

const connection: Connection = {
  post: (message) => scope.postMessage(message),
  onMessage: (listener) => {
    const heard = (event: MessageEvent): void => listener(event.data)
    scope.addEventListener('message', heard)
    return () => scope.removeEventListener('message', heard)
  },
  onClose: () => () => {},
  close: () => self.close(),
}

const turns = new MessageChannel()
const waiting: (() => void)[] = []
turns.port1.onmessage = () => waiting.shift()?.()

serveKernel(connection, {
  version: __KLAB_VERSION__,
  cores: Math.max(1, navigator.hardwareConcurrency ?? 1),
  spawn: () => fromWorker(new Worker(self.location.href, { type: 'module' })),
  now: () => performance.now(),
  pause: () =>
    new Promise<void>((done) => {
      waiting.push(done)
      turns.port2.postMessage(0)
    }),
})
