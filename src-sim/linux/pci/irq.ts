import { kernelCall, quiet } from '../../kernel/api'
import { requestThreadedIrq, freeIrq } from '../../kernel/irq/manage'
import type { irq_handler_t } from '../../kernel/irq/desc'
import { IRQF } from '../../kernel/irq/request-checks'
import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import * as msi from '../../kernel/pci/msi'
import type { pci_dev } from '../../kernel/pci/pci-dev'
import { vsprintf } from '../../kernel/printk/format'
import { ERANGE, EINVAL } from '../errno'

/** Interrupts of PCI devices. */

export const PCI_IRQ_INTX = msi.IRQ_INTX
export const PCI_IRQ_MSI = msi.IRQ_MSI
export const PCI_IRQ_MSIX = msi.IRQ_MSIX
/** Vectors are spread over the CPUs. */
export const PCI_IRQ_AFFINITY = 8
export const PCI_IRQ_ALL_TYPES = msi.IRQ_INTX | msi.IRQ_MSI | msi.IRQ_MSIX

/** How vectors are to be spread: so many before and after are left alone. */
export interface irq_affinity {
  pre_vectors?: number
  post_vectors?: number
}

/** An entry for `pci_enable_msix_range`: which of the hardware's vectors, and what it became. */
export interface msix_entry {
  vector: number
  entry: number
}

/**
 * Allocates interrupt vectors; their number, or -errno. May sleep. Pair: `pci_free_irq_vectors`.
 */
export function pci_alloc_irq_vectors(
  pdev: pci_dev,
  min_vecs: number,
  max_vecs: number,
  flags: number,
): number {
  return msi.allocVectors(pdev, min_vecs, max_vecs, flags)
}

/** The same; with PCI_IRQ_AFFINITY they are meant to be spread as `affd` says. */
export function pci_alloc_irq_vectors_affinity(
  pdev: pci_dev,
  min_vecs: number,
  max_vecs: number,
  flags: number,
  _affd: irq_affinity | null,
): number {
  return msi.allocVectors(pdev, min_vecs, max_vecs, flags)
}

/** Frees the vectors. Every `request_irq` on them must have been undone before (IRQ-15). */
export function pci_free_irq_vectors(pdev: pci_dev): void {
  msi.freeVectors(pdev)
}

/** The interrupt number of a vector, for `request_irq`; -EINVAL when there is none. */
export const pci_irq_vector = quiet(function pci_irq_vector(pdev: pci_dev, nr: number): number {
  return msi.vectorIrq(pdev, nr)
})

/** One message interrupt; afterwards `pdev.irq` is its number. 0 or -errno. */
export function pci_enable_msi(pdev: pci_dev): number {
  const ret = msi.enableMessages(pdev, 1, 1, false)
  return ret < 0 ? ret : 0
}
export function pci_disable_msi(pdev: pci_dev): void {
  if (pdev.msi_enabled) msi.freeVectors(pdev)
}

/** Enables MSI-X for the entries given and fills in their interrupt numbers. Count or -errno. */
export function pci_enable_msix_range(
  pdev: pci_dev,
  entries: msix_entry[],
  minvec: number,
  maxvec: number,
): number {
  if (maxvec < minvec) return -ERANGE
  const ret = msi.enableMessages(pdev, minvec, maxvec, true)
  for (let i = 0; i < ret; i++) entries[i]!.vector = msi.vectorIrq(pdev, i)
  return ret
}
/** All or nothing: 0 or -errno. */
export function pci_enable_msix_exact(
  pdev: pci_dev,
  entries: msix_entry[],
  nvec: number,
): number {
  const ret = pci_enable_msix_range(pdev, entries, nvec, nvec)
  return ret < 0 ? ret : 0
}
export function pci_disable_msix(pdev: pci_dev): void {
  if (pdev.msix_enabled) msi.freeVectors(pdev)
}

/** How many messages the hardware can send; -EINVAL without the capability. */
export const pci_msi_vec_count = quiet(function pci_msi_vec_count(pdev: pci_dev): number {
  return msi.vectorCount(pdev, false)
})
export const pci_msix_vec_count = quiet(function pci_msix_vec_count(pdev: pci_dev): number {
  return msi.vectorCount(pdev, true)
})
/** MSI is allowed on this machine. */
export const pci_msi_enabled = quiet(function pci_msi_enabled(): number {
  return 1
})
/** Messages of either kind are on. */
export const pci_dev_msi_enabled = quiet(function pci_dev_msi_enabled(pdev: pci_dev): boolean {
  return pdev.msi_enabled !== 0 || pdev.msix_enabled !== 0
})

/** `request_threaded_irq` on a vector, shared when it is a line. 0 or -errno. May sleep. */
export const pci_request_irq = kernelCall(
  'pci_request_irq',
  function* (
    pdev: pci_dev,
    nr: number,
    handler: irq_handler_t | null,
    thread_fn: irq_handler_t | null,
    dev_id: unknown,
    fmt: string,
    ...args: unknown[]
  ): Sim<number> {
    const irq = msi.vectorIrq(pdev, nr)
    if (irq < 0) return -EINVAL
    const name = vsprintf(machine(), fmt, args)
    const flags = handler ? IRQF.SHARED : IRQF.SHARED | IRQF.ONESHOT
    return yield* requestThreadedIrq(irq, handler, thread_fn, flags, name, dev_id)
  },
)

/** Undoes `pci_request_irq`; waits for handlers that run. May sleep. */
export const pci_free_irq = kernelCall(
  'pci_free_irq',
  function* (pdev: pci_dev, nr: number, dev_id: unknown): Sim {
    yield* freeIrq(msi.vectorIrq(pdev, nr), dev_id)
  },
)
