/**
 * The only thing everything above the kernel worker knows about how messages travel. Implemented
 * over `worker_threads`, a Web Worker, Electron's `MessagePortMain` relay and a loopback for tests.
 */
export interface Connection {
  post(message: unknown, transfer?: readonly unknown[]): void
  /** Answers a function that unsubscribes. */
  onMessage(listener: (message: unknown) => void): () => void
  /** The other side is gone; `reason` is one sentence. */
  onClose(listener: (reason: string) => void): () => void
  close(): void
}

/** Two connected ends in one thread, delivering in order and asynchronously. */
export function loopback(): [Connection, Connection] {
  const a = new LoopbackEnd()
  const b = new LoopbackEnd()
  a.peer = b
  b.peer = a
  return [a, b]
}

class LoopbackEnd implements Connection {
  peer: LoopbackEnd | null = null
  #messages = new Set<(message: unknown) => void>()
  #closes = new Set<(reason: string) => void>()

  post(message: unknown): void {
    const peer = this.peer
    if (peer) void Promise.resolve().then(() => peer.#messages.forEach((l) => l(message)))
  }

  onMessage(listener: (message: unknown) => void): () => void {
    this.#messages.add(listener)
    return () => this.#messages.delete(listener)
  }

  onClose(listener: (reason: string) => void): () => void {
    this.#closes.add(listener)
    return () => this.#closes.delete(listener)
  }

  close(): void {
    const peer = this.peer
    this.peer = null
    if (!peer) return
    peer.peer = null
    peer.#closes.forEach((l) => l('closed'))
  }
}
