import type { MessagePort, Worker } from 'node:worker_threads'
import type { Connection } from '../../src-sim/protocol'

/** The inner end of a worker's connection. */
export function fromPort(port: MessagePort): Connection {
  return {
    post: (message) => port.postMessage(message),
    onMessage: (listener) => {
      port.on('message', listener)
      return () => port.off('message', listener)
    },
    onClose: (listener) => {
      const closed = (): void => listener('The host closed the connection.')
      port.on('close', closed)
      return () => port.off('close', closed)
    },
    close: () => port.close(),
  }
}

/** The outer end: the worker's death becomes one sentence. */
export function fromWorker(worker: Worker, reasonOf: (error: Error | null) => string): Connection {
  const closers = new Set<(reason: string) => void>()
  let closed = false
  const close = (reason: string): void => {
    if (closed) return
    closed = true
    for (const listener of closers) listener(reason)
  }
  worker.on('error', (error) => close(reasonOf(error)))
  worker.on('exit', () => close(reasonOf(null)))
  return {
    post: (message) => {
      if (!closed) worker.postMessage(message)
    },
    onMessage: (listener) => {
      worker.on('message', listener)
      return () => worker.off('message', listener)
    },
    onClose: (listener) => {
      closers.add(listener)
      return () => closers.delete(listener)
    },
    close: () => {
      closed = true
      void worker.terminate()
    },
  }
}
