import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { addActionOrReset } from '../base/devres'
import type { device } from '../base/device'
import { ENOMEM, EOPNOTSUPP } from '../errno'
import { faultInjection } from '../mm/fault-injection'
import { IORESOURCE_MEM } from '../platform/resource'
import { warn } from '../printk/warn'
import { synchronizeRcu } from '../rcu/update'
import type { pci_dev } from './pci-dev'
import type { MapType } from './p2pdma-route'
import { removePoolFiles, type P2pPool } from './p2pdma-pool'

/** Memory behind BARs for other devices: drivers/pci/p2pdma.c. */

/** A memory BAR as a target for other devices. Valid while the driver of its device is bound. */
export class p2pdma_provider extends KernelObject {
  /** The device that the BAR belongs to. */
  readonly owner: device
  /** What to add to an address of the CPU to get the one on the PCI bus. */
  readonly bus_offset = 0
  /** @internal */
  readonly $bar: number

  constructor(owner: device, bar: number) {
    super()
    this.owner = owner
    this.$bar = bar
  }

  get $label(): string {
    return `${this.owner.kobj.name} BAR ${this.$bar}`
  }
}

/** What a providing device has: `struct pci_p2pdma`. */
export class P2pdma {
  readonly mem: (p2pdma_provider | null)[]
  /** Answers of the past, by the place of the client (P2P-03). */
  readonly mapTypes = new Map<number, MapType>()
  pool: P2pPool | null = null
  published = false

  constructor(pdev: pci_dev) {
    this.mem = pdev.resource.map((r, bar) =>
      r.flags & IORESOURCE_MEM ? new p2pdma_provider(pdev.dev, bar) : null,
    )
  }
}

/** P2P-01: one provider for each memory BAR, until the driver goes. 0 or -errno. */
export function* initP2pdma(pdev: pci_dev): Sim<number> {
  if (pdev.non_mappable_bars) return -EOPNOTSUPP
  if (pdev.$p2pdma) return 0
  if (faultInjection(machine()).shouldFail('pcim_p2pdma_init')) return -ENOMEM
  const p2pdma = new P2pdma(pdev)
  const action = ((p: pci_dev) => releaseP2pdma(p)) as unknown as (data: never) => void
  const error = yield* addActionOrReset(pdev.dev, action, pdev)
  if (error === 0) pdev.$p2pdma = p2pdma
  return error
}

/** Nobody can allocate any more; then the pool and what was found out about clients go. */
function* releaseP2pdma(pdev: pci_dev): Sim {
  const p2pdma = pdev.$p2pdma
  if (!p2pdma) return
  pdev.$p2pdma = null
  const { pool } = p2pdma
  if (pool) yield* synchronizeRcu('synchronize_rcu', false)
  p2pdma.mapTypes.clear()
  if (pool) yield* removePoolFiles(pdev)
}

/** The provider behind a BAR; null for what is no memory, and with a warning before the init. */
export function providerOf(pdev: pci_dev, bar: number): p2pdma_provider | null {
  if (pdev.non_mappable_bars || !((pdev.resource[bar]?.flags ?? 0) & IORESOURCE_MEM)) return null
  if (!pdev.$p2pdma) {
    warn(machine(), 'p2pdma-not-ready', 'drivers/pci/p2pdma.c at pcim_p2pdma_provider', null, {
      objects: [pdev],
      rules: ['P2P-01'],
    })
    return null
  }
  return pdev.$p2pdma.mem[bar] ?? null
}
