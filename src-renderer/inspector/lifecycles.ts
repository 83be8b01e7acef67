import type { ObjectState } from '../../src-sim/trace/types'
import { kindOf, type ObjectKind } from '../timeline/kinds'
import { FREED, s, type Lifecycle, type LifeState, type Tone } from './lifecycle'
import { ATTACHMENT, BUFFER, DOMAIN, FENCE, MAPPING, SPACE, SUBSCRIBER } from './memory-lifecycles'

export type { Lifecycle, LifeState, Tone } from './lifecycle'

const DEVICE: Lifecycle = {
  states: [
    s('no driver', 'No driver', 'none', 0, 0), s('probing', 'Probing', 'going', 1, 0), s('bound', 'Bound', 'live', 2, 0),
    s('unbinding', 'Unbinding', 'going', 2, 1), s('zombie', 'Zombie', 'dead', 1, 1), s('released', 'Released', 'dead', 0, 1),
  ],
  moves: [
    ['no driver', 'probing', 'probe'], ['probing', 'bound', 'returns 0'], ['probing', 'no driver', 'fails'],
    ['bound', 'unbinding', 'remove'], ['unbinding', 'no driver', 'unbound'], ['unbinding', 'zombie', 'gone from its bus'],
    ['no driver', 'released', 'last put'], ['zombie', 'released', 'last put'],
  ],
  now: (facets) => facets.get('state') ?? (facets.has('driver') ? 'bound' : 'no driver'),
}

const WORK: Lifecycle = {
  states: [
    s('idle', 'Idle', 'none', 0, 0), s('delayed', 'Delayed', 'busy', 1, 1), s('queued', 'Queued', 'busy', 1, 0),
    s('running', 'Running', 'live', 2, 0), s('again', 'Runs, queued', 'live', 2, 1),
    s('disabled', 'Disabled', 'going', 1, 2), FREED(0, 1),
  ],
  moves: [
    ['idle', 'queued', 'queue_work'], ['idle', 'delayed', 'queue_delayed_work'], ['delayed', 'queued', 'timer'],
    ['queued', 'running', 'worker'], ['running', 'idle', 'returns'], ['running', 'again', 'queue_work'],
    ['again', 'queued', 'returns'], ['queued', 'idle', 'cancel'], ['idle', 'disabled', 'disable'],
    ['disabled', 'idle', 'enable'], ['idle', 'freed', 'kfree'],
  ],
  now: (facets) => {
    if (facets.has('running')) return facets.has('queued') ? 'again' : 'running'
    if (facets.has('queued')) return 'queued'
    if (facets.has('delayed')) return 'delayed'
    return facets.has('disabled') ? 'disabled' : 'idle'
  },
}

const TIMER: Lifecycle = {
  states: [
    s('idle', 'Idle', 'none', 0, 0), s('armed', 'Armed', 'busy', 1, 0), s('running', 'Running', 'live', 2, 0),
    s('rearmed', 'Runs, armed', 'live', 2, 1), s('shut down', 'Shut down', 'going', 1, 1), FREED(0, 1),
  ],
  moves: [
    ['idle', 'armed', 'mod_timer'], ['armed', 'running', 'expires'], ['running', 'idle', 'returns'],
    ['running', 'rearmed', 'mod_timer'], ['rearmed', 'armed', 'returns'], ['armed', 'idle', 'delete'],
    ['idle', 'shut down', 'shutdown'], ['shut down', 'freed', 'kfree'], ['idle', 'freed', 'kfree'],
  ],
  now: (facets) => {
    if (facets.has('running')) return facets.has('armed') ? 'rearmed' : 'running'
    if (facets.has('armed')) return 'armed'
    return facets.get('state') === 'shut down' ? 'shut down' : 'idle'
  },
}

const HRTIMER: Lifecycle = {
  ...TIMER,
  states: TIMER.states.filter((state) => state.id !== 'shut down'),
  moves: [
    ['idle', 'armed', 'hrtimer_start'], ['armed', 'running', 'expires'], ['running', 'idle', 'NORESTART'],
    ['running', 'rearmed', 'start'], ['rearmed', 'armed', 'RESTART'], ['armed', 'idle', 'cancel'],
    ['idle', 'freed', 'kfree'],
  ],
}

const MODULE: Lifecycle = {
  states: [
    s('UNFORMED', 'Unformed', 'none', 0, 0), s('COMING', 'Coming', 'going', 1, 0), s('LIVE', 'Live', 'live', 2, 0),
    s('GOING', 'Going', 'going', 2, 1), s('freed', 'Gone', 'dead', 0, 1),
  ],
  moves: [
    ['UNFORMED', 'COMING', 'loaded'], ['COMING', 'LIVE', 'init returns 0'], ['COMING', 'GOING', 'init fails'],
    ['LIVE', 'GOING', 'delete_module'], ['GOING', 'freed', 'exit returns'],
  ],
  now: (facets) => facets.get('state') ?? (facets.has('text') ? 'LIVE' : 'UNFORMED'),
}

const IRQ: Lifecycle = {
  states: [
    s('requested', 'Requested', 'live', 0, 0), s('running', 'Handler runs', 'live', 1, 0),
    s('thread', 'Thread runs', 'live', 2, 0), s('disabled', 'Disabled', 'going', 0, 1), FREED(1, 1),
  ],
  moves: [
    ['requested', 'running', 'raised'], ['running', 'requested', 'returns'], ['running', 'thread', 'wake thread'],
    ['thread', 'requested', 'returns'], ['requested', 'disabled', 'disable_irq'], ['disabled', 'requested', 'enable_irq'],
    ['requested', 'freed', 'free_irq'],
  ],
  now: (facets) => {
    if (facets.has('thread running')) return 'thread'
    if (facets.has('running')) return 'running'
    return facets.has('disabled') ? 'disabled' : 'requested'
  },
}

const FILE: Lifecycle = {
  states: [s('closed', 'Not open', 'none', 0, 0), s('open', 'Open', 'live', 1, 0), s('registered', 'Registered', 'live', 1, 1), FREED(2, 0)],
  moves: [['closed', 'open', 'open'], ['open', 'freed', 'last close'], ['closed', 'registered', 'cdev_add'], ['registered', 'closed', 'cdev_del']],
  now: (facets) => (facets.has('open') ? 'open' : facets.has('registered') ? 'registered' : 'closed'),
}

const DRIVER: Lifecycle = {
  states: [s('idle', 'Not registered', 'none', 0, 0), s('registered', 'Registered', 'live', 1, 0), FREED(2, 0)],
  moves: [['idle', 'registered', 'register'], ['registered', 'idle', 'unregister'], ['idle', 'freed', 'module exit']],
  now: (facets) => (facets.has('registered') ? 'registered' : 'idle'),
}

const LOCK: Lifecycle = {
  states: [s('free', 'Free', 'none', 0, 0), s('held', 'Held', 'busy', 1, 0), FREED(2, 0)],
  moves: [['free', 'held', 'lock'], ['held', 'free', 'unlock'], ['free', 'freed', 'kfree']],
  now: (facets) => (facets.has('held') ? 'held' : 'free'),
}

const TASK: Lifecycle = {
  states: [
    s('R', 'Ready', 'busy', 0, 0), s('running', 'Running', 'live', 1, 0), s('S', 'Sleeping', 'none', 1, 1),
    s('D', 'Uninterrupt.', 'going', 0, 1), s('X', 'Dead', 'dead', 2, 0),
  ],
  moves: [
    ['R', 'running', 'switch in'], ['running', 'R', 'preempted'], ['running', 'S', 'waits'], ['running', 'D', 'waits'],
    ['S', 'R', 'woken'], ['D', 'R', 'woken'], ['running', 'X', 'exits'],
  ],
  now: (facets) => {
    const state = facets.get('state') ?? 'X'
    return { 'R+': 'R', I: 'S', T: 'S', t: 'S', P: 'S', Z: 'X' }[state] ?? state
  },
}

const MEMORY: Lifecycle = {
  states: [s('alive', 'Allocated', 'live', 0, 0), FREED(1, 0)],
  moves: [['alive', 'freed', 'kfree']],
  now: () => 'alive',
}

const PRESENT: Lifecycle = {
  states: [s('present', 'Present', 'live', 0, 0), s('freed', 'Gone', 'dead', 1, 0)],
  moves: [['present', 'freed', 'the last user leaves']],
  now: () => 'present',
}

const PENDING: Lifecycle = {
  states: [s('idle', 'Idle', 'none', 0, 0), s('mapped', 'In use', 'busy', 1, 0), FREED(2, 0)],
  moves: [['idle', 'mapped', 'map'], ['mapped', 'idle', 'unmap'], ['idle', 'freed', 'free']],
  now: (facets) => (['mapped', 'in use', 'rcu pending', 'running', 'queued'].some((f) => facets.has(f)) ? 'mapped' : 'idle'),
}

const BY_KIND: Partial<Record<ObjectKind, Lifecycle>> = {
  device: DEVICE, driver: DRIVER, module: MODULE, work: WORK, timer: TIMER, hrtimer: HRTIMER, irq: IRQ, file: FILE,
  lock: LOCK, task: TASK, dma: PENDING, iommu: PENDING, rcu: PENDING, buffer: BUFFER, fence: FENCE,
  space: SPACE, subscriber: SUBSCRIBER,
  bus: PRESENT, queue: PRESENT, process: PRESENT, cpu: PRESENT, interrupt: PRESENT, hardware: PRESENT, wait: PRESENT,
}

/** Types that differ from the rest of their kind. */
const BY_TYPE = new Map([
  ['dma_mapping', MAPPING], ['iommu_domain', DOMAIN], ['dma_buf_attachment', ATTACHMENT],
])

export function lifecycleOf(type: string): Lifecycle {
  return BY_TYPE.get(type) ?? BY_KIND[kindOf(type)] ?? MEMORY
}

const OWN_END: ReadonlySet<string> = new Set(['released', 'X'])

/** The state of an object in the diagram of its type. */
export function stateOf(object: ObjectState): LifeState {
  const { states, now } = lifecycleOf(object.type)
  const facets = new Map(object.facets.map((facet) => [facet.facet, facet.value]))
  const id = object.status === 'freed' ? 'freed' : now(facets, object)
  return states.find((state) => state.id === id) ?? states.find((state) => OWN_END.has(state.id)) ?? states[0]!
}

/** States that follow from here, with what leads there. */
export function nextStates(lifecycle: Lifecycle, from: string): { to: string; why: string }[] {
  return lifecycle.moves.filter((move) => move[0] === from).map(([, to, why]) => ({ to, why }))
}

export const TONE_SHAPE: Record<Tone, string> = { live: '●', busy: '◆', going: '◐', dead: '✕', none: '○' }
