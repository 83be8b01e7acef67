import { machine as currentMachine } from '../../engine/current'
import { EINVAL, ENOSPC, ERANGE } from '../errno'
import { deviceLog, useDevice } from '../base/core'
import { addDevres } from '../base/devres'
import { allocIrqs, freeIrqs } from '../irq/lines'
import { faultInjection } from '../mm/fault-injection'
import { warn } from '../printk/warn'
import { mightSleep } from '../sched/schedule'
import { functionAt, setIntx } from './functions'
import type { pci_dev } from './pci-dev'

export const IRQ_INTX = 1
export const IRQ_MSI = 2
export const IRQ_MSIX = 4

/** What must hold before messages can be enabled, in the kernel's order (DM-101). */
function refused(pdev: pci_dev, min: number, max: number, x: boolean): number {
  if (min < 1 || pdev.current_state !== 0) return -EINVAL
  if (!x && pdev.msix_enabled) {
    deviceLog(pdev.dev, 6, "can't enable MSI (MSI-X already enabled)")
    return -EINVAL
  }
  if (x && pdev.msi_enabled) {
    deviceLog(pdev.dev, 6, "can't enable MSI-X (MSI already enabled)")
    return -EINVAL
  }
  if (max < min) return -ERANGE
  if (x ? pdev.msix_enabled : pdev.msi_enabled) {
    warn(currentMachine(), 'msi-twice', 'drivers/pci/msi/msi.c at __pci_enable_msi_range', null, {
      objects: [pdev],
      rules: ['DM-101'],
    })
    return -EINVAL
  }
  return 0
}

function enable(pdev: pci_dev, min: number, max: number, x: boolean): number {
  const error = refused(pdev, min, max, x)
  if (error) return error
  const fn = functionAt(pdev)
  const offered = (x ? fn?.model.vectorsX : fn?.model.vectors) ?? 0
  if (!fn || offered === 0) return -EINVAL
  if (offered < min) return -ENOSPC
  if (faultInjection(currentMachine()).shouldFail('pci_alloc_irq_vectors')) return -ENOSPC
  const count = Math.min(max, offered)
  const name = `${x ? 'MSI-X' : 'MSI'} ${pdev.$label}`
  pdev.$vectors = { first: allocIrqs(currentMachine(), count, name, 'msi'), count }
  if (x) {
    pdev.msix_enabled = 1
    fn.setMsix(true)
  } else {
    pdev.msi_enabled = 1
    fn.setMsi(true)
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
    ret = enable(pdev, min, max, true)
    if (ret > 0) return ret
  }
  if (flags & IRQ_MSI) {
    ret = enable(pdev, min, max, false)
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

export function vectorIrq(pdev: pci_dev, nr: number): number {
  if (pdev.$vectors) return nr < pdev.$vectors.count ? pdev.$vectors.first + nr : -EINVAL
  return nr === 0 ? pdev.irq : -EINVAL
}
