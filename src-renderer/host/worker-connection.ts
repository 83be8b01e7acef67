import type { Connection } from '../../src-sim/protocol'

/** The outer end of a Web Worker. */
export function fromWorker(worker: Worker): Connection {
  const closers = new Set<(reason: string) => void>()
  worker.addEventListener('error', (event) => {
    const reason = event.message
      ? `The kernel worker stopped: ${event.message}`
      : 'The kernel worker stopped; the lab may have used too much memory.'
    for (const listener of closers) listener(reason)
  })
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => {
      const heard = (event: MessageEvent): void => listener(event.data)
      worker.addEventListener('message', heard)
      return () => worker.removeEventListener('message', heard)
    },
    onClose: (listener) => {
      closers.add(listener)
      return () => closers.delete(listener)
    },
    close: () => worker.terminate(),
  }
}
