import { serveKernel } from '../../../src-sim/lab/kernel-worker'

/** The real kernel in a Web Worker, for looking at the panels with true data. */
const scope = self as unknown as {
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  close(): void
}

serveKernel(
  {
    post: (message) => scope.postMessage(message),
    onMessage: (listener) => {
      scope.addEventListener('message', (event) => listener(event.data))
      return () => undefined
    },
    onClose: () => () => undefined,
    close: () => scope.close(),
  },
  {
    version: '0.1.0',
    spawn: () => {
      throw new Error('one worker only')
    },
    cores: 1,
    now: () => performance.now(),
    pause: () => new Promise((resolve) => setTimeout(resolve, 0)),
  },
)
