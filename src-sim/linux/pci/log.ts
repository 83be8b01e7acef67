import type { pci_dev } from '../../kernel/pci/pci-dev'
import { dev_dbg, dev_err, dev_info, dev_notice, dev_warn } from '../printk'
import type { device } from '../../kernel/base/device'

/** `dev_err` and its kind, for a `pci_dev`. */

type DeviceLog = (dev: device, format: string, ...args: unknown[]) => void

const forPci =
  (log: DeviceLog) =>
  (pdev: pci_dev, format: string, ...args: unknown[]): void =>
    log(pdev.dev, format, ...args)

export const pci_err = forPci(dev_err)
export const pci_warn = forPci(dev_warn)
export const pci_notice = forPci(dev_notice)
export const pci_info = forPci(dev_info)
export const pci_dbg = forPci(dev_dbg)
