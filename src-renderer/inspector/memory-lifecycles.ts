import { FREED, s, type Lifecycle } from './lifecycle'

/** States of what lets devices and programs reach memory. */

export const MAPPING: Lifecycle = {
  states: [
    s('device', "The device's", 'busy', 0, 0), s('cpu', "The CPU's", 'live', 1, 0),
    s('freed', 'Not mapped', 'dead', 0, 1), s('both', 'Shared', 'live', 1, 1),
  ],
  moves: [
    ['device', 'cpu', 'sync_for_cpu'], ['cpu', 'device', 'sync_for_device'], ['device', 'freed', 'unmap'],
    ['cpu', 'freed', 'unmap'], ['freed', 'both', 'alloc_coherent'], ['both', 'freed', 'free_coherent'],
  ],
  now: (facets) => {
    if (facets.get('mapped') === 'coherent') return 'both'
    return facets.get('owner') === 'cpu' ? 'cpu' : 'device'
  },
}

/** What was unmapped stays in reach of devices until the TLB of the IOMMU has forgotten it. */
export const DOMAIN: Lifecycle = {
  states: [s('exact', 'In force', 'live', 0, 0), s('stale', 'Stale entries', 'going', 1, 0), FREED(0, 1)],
  moves: [['exact', 'stale', 'unmap'], ['stale', 'exact', 'flush'], ['exact', 'freed', 'domain_free']],
  now: (facets) => (facets.has('iotlb') ? 'stale' : 'exact'),
}

export const BUFFER: Lifecycle = {
  states: [
    s('shared', 'Shared', 'live', 0, 0), s('cpu', 'CPU access', 'busy', 1, 0), s('vmap', 'Kernel mapping', 'busy', 1, 1),
    s('freed', 'Released', 'dead', 0, 1),
  ],
  moves: [
    ['shared', 'cpu', 'begin_cpu_access'], ['cpu', 'shared', 'end_cpu_access'], ['shared', 'vmap', 'vmap'],
    ['vmap', 'shared', 'vunmap'], ['shared', 'freed', 'last put'],
  ],
  now: (facets) => {
    if (facets.has('cpu access')) return 'cpu'
    return (facets.get('vmap') ?? '0') !== '0' ? 'vmap' : 'shared'
  },
}

export const ATTACHMENT: Lifecycle = {
  states: [
    s('attached', 'Attached', 'live', 0, 0), s('mapped', 'Mapped', 'busy', 1, 0), s('pinned', 'Pinned', 'busy', 2, 0),
    s('invalidated', 'Told to let go', 'going', 1, 1), s('freed', 'Detached', 'dead', 0, 1),
  ],
  moves: [
    ['attached', 'mapped', 'map'], ['mapped', 'attached', 'unmap'], ['attached', 'pinned', 'pin'],
    ['pinned', 'attached', 'unpin'], ['mapped', 'invalidated', 'invalidate_mappings'],
    ['invalidated', 'attached', 'unmap'], ['attached', 'freed', 'detach'],
  ],
  now: (facets) => {
    if (!facets.has('mapped')) return facets.has('pinned') ? 'pinned' : 'attached'
    return facets.get('state') === 'invalidated' ? 'invalidated' : 'mapped'
  },
}

export const FENCE: Lifecycle = {
  states: [s('pending', 'Pending', 'busy', 0, 0), s('signaled', 'Signaled', 'live', 1, 0), FREED(2, 0)],
  moves: [['pending', 'signaled', 'signal'], ['signaled', 'freed', 'last put'], ['pending', 'freed', 'last put']],
  now: (facets) => (facets.get('state') === 'signaled' ? 'signaled' : 'pending'),
}

export const SPACE: Lifecycle = {
  states: [s('live', 'In use', 'live', 0, 0), s('empty', 'Torn down', 'going', 1, 0), FREED(2, 0)],
  moves: [['live', 'empty', 'last mmput'], ['empty', 'freed', 'last mmdrop']],
  now: (facets) => (facets.get('state') === 'torn down' ? 'empty' : 'live'),
}

export const SUBSCRIBER: Lifecycle = {
  states: [s('idle', 'Not registered', 'none', 0, 0), s('registered', 'Registered', 'live', 1, 0), FREED(2, 0)],
  moves: [['idle', 'registered', 'register'], ['registered', 'idle', 'unregister'], ['idle', 'freed', 'kfree']],
  now: (facets) => (facets.has('registered') ? 'registered' : 'idle'),
}
