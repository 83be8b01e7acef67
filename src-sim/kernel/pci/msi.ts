import { machine as currentMachine } from '../../engine/current'
import { EINVAL, ENOSPC, ERANGE } from '../errno'
import { deviceLog, useDevice } from '../base/core'
import { addDevres } from '../base/devres'
import { allocIrqs, freeIrqs } from '../irq/lines'
import { faultInjection } from '../mm/fault-injection'
import { warn } from '../printk/warn'
import { mightSleep } from '../sched/schedule'
import { functionAt, setIntx } from './functions'
import { PCI_D0, type pci_dev } from './pci-dev'

/** Interrupts as messages: drivers/pci/msi. */

export const IRQ_INTX = 1
export const IRQ_MSI = 2
export const IRQ_MSIX = 4

/** DM-101: what must hold before messages can be enabled, each kind in its own order. */
function refusedMsi(pdev: pci_dev, min: number, max: number): number {
  if (pdev.no_msi || min < 1 || pdev.current_state !== PCI_D0) return -EINVAL
  if (pdev.msix_enabled) {
    deviceLog(pdev.dev, 6, "can't enable MSI (MSI-X already enabled)")
    return -EINVAL
  }
  if (max < min) return -ERANGE
  return pdev.msi_enabled ? twice(pdev, '__pci_enable_msi_range') : 0
}

function refusedMsix(pdev: pci_dev, min: number, max: number): number {
  if (max < min) return -ERANGE
  if (pdev.msi_enabled) {
    deviceLog(pdev.dev, 6, "can't enable MSI-X (MSI already enabled)")
    return -EINVAL
  }
  if (pdev.msix_enabled) return twice(pdev, '__pci_enable_msix_range')
  return pdev.no_msi || max < 1 || pdev.current_state !== PCI_D0 ? -EINVAL : 0
}

function twice(pdev: pci_dev, where: string): number {
  warn(currentMachine(), 'msi-twice', `drivers/pci/msi/msi.c at ${where}`, null, {
    objects: [pdev],
    rules: ['DM-101'],
  })
  return -EINVAL
}

/** How many messages the hardware offers, or -EINVAL when it has none of this kind. */
export const vectorCount = (pdev: pci_dev, x: boolean): number => {
  const { vectors = 0, vectorsX = 0 } = pdev.$function?.model ?? {}
  return (x ? vectorsX : vectors) || -EINVAL
}

/** The number of vectors, or -errno. */
export function enableMessages(pdev: pci_dev, min: number, max: number, x: boolean): number {
  const error = x ? refusedMsix(pdev, min, max) : refusedMsi(pdev, min, max)
  if (error) return error
  const offered = vectorCount(pdev, x)
  if (offered < 0) return offered
  if (offered < min) return -ENOSPC
  if (faultInjection(currentMachine()).shouldFail('pci_alloc_irq_vectors')) return -ENOSPC
  const count = Math.min(max, offered)
  const name = `${x ? 'MSI-X' : 'MSI'} ${pdev.$label}`
  pdev.$vectors = { first: allocIrqs(currentMachine(), count, name, 'msi'), count }
  const fn = functionAt(pdev)
  if (x) {
    pdev.msix_enabled = 1
    fn?.setMsix(true)
  } else {
    pdev.msi_enabled = 1
    fn?.setMsi(true)
    pdev.irq = pdev.$vectors.first
  }
  setIntx(pdev, false)
  if (pdev.is_managed)
    addDevres(pdev.dev, { name: 'pcim_msi_release', key: pdev, release: () => freeVectors(pdev) })
  return count
}

/** How many vectors were allocated, or -errno: MSI-X, then MSI, then the line. */
export function allocVectors(pdev: pci_dev, min: number, max: number, flags: number): number {
  mightSleep('pci_alloc_irq_vectors')
  useDevice(pdev.dev, 'pci_alloc_irq_vectors')
  let ret = -ENOSPC
  if (flags & IRQ_MSIX) {
    ret = enableMessages(pdev, min, max, true)
    if (ret > 0) return ret
  }
  if (flags & IRQ_MSI) {
    ret = enableMessages(pdev, min, max, false)
    if (ret > 0) return ret
  }
  if (flags & IRQ_INTX && min === 1 && pdev.irq) {
    setIntx(pdev, true)
    return 1
  }
  return ret
}

/** Handlers that are still registered are left without a line (DM-101). */
export function freeVectors(pdev: pci_dev): void {
  const vectors = pdev.$vectors
  if (!vectors) return
  const fn = functionAt(pdev)
  if (pdev.msix_enabled) fn?.setMsix(false)
  if (pdev.msi_enabled) fn?.setMsi(false)
  pdev.$vectors = null
  pdev.msi_enabled = 0
  pdev.msix_enabled = 0
  pdev.irq = pdev.$intx
  setIntx(pdev, true)
  freeIrqs(currentMachine(), vectors.first, vectors.count)
}

/** DM-101: -EINVAL for a vector that was not allocated. MSI-X has no meaning for `pdev.irq`. */
export function vectorIrq(pdev: pci_dev, nr: number): number {
  if (pdev.$vectors) return nr >= 0 && nr < pdev.$vectors.count ? pdev.$vectors.first + nr : -EINVAL
  return nr === 0 ? pdev.irq : -EINVAL
}

/** The other way round: which vector an interrupt number is, or -1. */
export function vectorIndex(pdev: pci_dev, irq: number): number {
  const { $vectors: vectors } = pdev
  if (!vectors) return irq === pdev.irq ? 0 : -1
  const nr = irq - vectors.first
  return nr >= 0 && nr < vectors.count ? nr : -1
}
