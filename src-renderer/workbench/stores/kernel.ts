import { createBirpc, type BirpcReturn } from 'birpc'
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import {
  PROTOCOL_VERSION,
  type CompareProgress,
  type Connection,
  type ExploreProgress,
  type KernelApi,
  type KernelEvents,
  type SessionStatus,
} from '../../../src-sim/protocol'

/** The kernel as seen from here: every function answers a promise. */
export type KernelRemote = {
  [K in keyof KernelApi]: (
    ...args: Parameters<KernelApi[K]>
  ) => Promise<Awaited<ReturnType<KernelApi[K]>>>
}

export type Link = 'none' | 'connecting' | 'ready' | 'lost' | 'refused'

export const EMPTY_STATUS: SessionStatus = {
  state: 'empty',
  lab: '',
  steps: 0,
  timeNs: 0,
  events: 0,
  cursorStep: 0,
  cursorTimeNs: 0,
  cursorEvent: 0,
  findings: 0,
  dmesgLines: 0,
  seed: 0,
  strategy: 'fair',
  traceHash: '',
  stop: null,
  stopText: '',
}

type Rpc = BirpcReturn<KernelApi, KernelEvents>
/** Either a connection or a way to make one. */
export type Connect = () => Connection | Promise<Connection>

/**
 * The link to the kernel worker. `status` is what it last told about the session; `epoch` counts
 * sessions, so that whoever caches trace data knows when all of it is void; `tick` changes whenever
 * anything of the status did.
 */
export const useKernel = defineStore('kernel', () => {
  const link = ref<Link>('none')
  const lostReason = ref('')
  const version = ref('')
  const status = shallowRef<SessionStatus>(EMPTY_STATUS)
  const epoch = ref(0)
  const tick = ref(0)
  const progress = shallowRef<ExploreProgress | null>(null)
  /** What a comparison told last; each message brings at most one cell. */
  const compared = shallowRef<CompareProgress | null>(null)

  let connect: Connect | null = null
  let rpc: Rpc | null = null
  let generation = 0

  const ready = computed(() => link.value === 'ready')
  const hasSession = computed(() => status.value.state !== 'empty')
  const running = computed(() => status.value.state === 'running')

  /** Calls go through here, so that a lost worker is one kind of error everywhere. */
  const api = new Proxy({} as KernelRemote, {
    get(_target, name: string) {
      if (name === 'then') return undefined
      return (...args: unknown[]) => {
        if (!rpc)
          return Promise.reject(new Error(lostReason.value || 'The kernel is not connected.'))
        return rpc.$call(name as keyof KernelApi, ...(args as never))
      }
    },
  })

  function accept(next: SessionStatus): SessionStatus {
    status.value = next
    tick.value++
    return next
  }

  /** A new machine was booted: what was read from the old trace is void. */
  function newEpoch(): void {
    epoch.value++
  }

  async function attach(make: Connect): Promise<void> {
    connect = make
    await reconnect()
  }

  /** Starts a fresh kernel; the session of the old one is gone. */
  async function reconnect(): Promise<void> {
    if (!connect) throw new Error('No host is attached.')
    const mine = ++generation
    drop(new Error('The kernel was restarted.'))
    link.value = 'connecting'
    let connection: Connection
    try {
      connection = await connect()
    } catch (error) {
      return lose(mine, error instanceof Error ? error.message : String(error))
    }
    rpc = open(connection, mine)
    try {
      const hello = await rpc.hello()
      if (mine !== generation) return
      if (hello.protocol !== PROTOCOL_VERSION) {
        link.value = 'refused'
        lostReason.value =
          `This window speaks protocol ${PROTOCOL_VERSION}, the kernel speaks ` +
          `${hello.protocol}. Reload the window to get matching versions.`
        return
      }
      version.value = hello.version
      accept(EMPTY_STATUS)
      newEpoch()
      link.value = 'ready'
    } catch (error) {
      lose(mine, error instanceof Error ? error.message : String(error))
    }
  }

  function open(connection: Connection, mine: number): Rpc {
    connection.onClose((reason) => lose(mine, reason))
    return createBirpc<KernelApi, KernelEvents>(
      {
        status: (next) => void accept(next),
        exploreProgress: (next) => void (progress.value = next),
        compareProgress: (next) => void (compared.value = next),
      },
      {
        post: (message) => connection.post(message),
        on: (listener) => void connection.onMessage(listener),
        timeout: -1,
      },
    )
  }

  function lose(mine: number, reason: string): void {
    if (mine !== generation) return
    link.value = 'lost'
    lostReason.value = reason
    if (status.value.state === 'running') {
      accept({ ...status.value, state: 'failed', stop: 'crashed', stopText: reason })
    }
    drop(new Error(reason))
  }

  function drop(reason: Error): void {
    const old = rpc
    rpc = null
    if (old && !old.$closed) old.$close(reason)
  }

  return {
    link,
    lostReason,
    version,
    status,
    epoch,
    tick,
    progress,
    compared,
    ready,
    hasSession,
    running,
    api,
    accept,
    newEpoch,
    attach,
    reconnect,
  }
})
