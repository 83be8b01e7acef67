import type { Machine } from '../../engine/machine'
import { dmaPort, type DmaPort } from '../dma/port'
import { requestPage } from '../iommu/intel/page-requests'
import type { PageRequest } from '../iommu/unit'
import { raiseIrq, setLevel } from '../irq/lines'
import { PCI_COMMAND_INTX_DISABLE } from './config'
import type { pci_dev } from './pci-dev'
import { peerPort } from './peer-port'

/** What hardware finds around it: ways to interrupt and to reach memory, while it is there. */
export interface HardwareHost {
  /** The device structure that was made for it, for the trace. */
  readonly object: object
  /** Taken out, or torn out. */
  readonly gone: boolean
  raise(vector: number): void
  lower(vector: number): void
  /** Null: it may not reach memory just now. */
  memory(): DmaPort | null
  /** Asks the IOMMU for a page; `answered` gets the code for its group. False: refused. */
  requestPage?(
    request: Omit<PageRequest, 'source'>, answered: (group: number, code: number) => void,
  ): boolean
}

/** A slot of the PCI bus: messages and memory only for bus masters (DM-90). */
export function pciHost(machine: Machine, pdev: pci_dev): HardwareHost {
  const fn = pdev.$function!
  return {
    object: pdev,
    get gone() {
      return pdev.$slot?.present !== fn
    },
    raise(vector) {
      if (fn.signals === 'intx') {
        if (!fn.linkDown && !(fn.command & PCI_COMMAND_INTX_DISABLE)) setLevel(machine, pdev.$intx, pdev, true)
      } else if (fn.masters && pdev.$vectors && vector < pdev.$vectors.count)
        raiseIrq(machine, pdev.$vectors.first + vector, pdev)
    },
    lower() {
      setLevel(machine, pdev.$intx, pdev, false)
    },
    requestPage: (request, answered) =>
      fn.masters && requestPage(machine, pdev, request, answered),
    memory: () => (fn.masters ? peerPort(machine, pdev, dmaPort(machine, pdev.dev)) : null),
  }
}
