/** Brought along, as by the C header. */
export * from './atomic'
export * from './compiler'
export * from './device'
export * from './errno'
export * from './interrupt'
export * from './io'
export * from './ioport'
export * from './kobject'
export * from './list'
export * from './types'

/** Drivers for PCI devices: `linux/pci`. */
export {
  pci_bus,
  pci_dev,
  pci_driver,
  PCI_ANY_ID,
  pci_channel_io_frozen,
  pci_channel_io_normal,
  pci_channel_io_perm_failure,
  PCI_D0,
  PCI_D1,
  PCI_D2,
  PCI_D3cold,
  PCI_D3hot,
  PCI_ERS_RESULT_CAN_RECOVER,
  PCI_ERS_RESULT_DISCONNECT,
  PCI_ERS_RESULT_NEED_RESET,
  PCI_ERS_RESULT_NO_AER_DRIVER,
  PCI_ERS_RESULT_NONE,
  PCI_ERS_RESULT_RECOVERED,
  PCI_HEADER_TYPE_BRIDGE,
  PCI_HEADER_TYPE_NORMAL,
  PCI_UNKNOWN,
  type pci_channel_state_t,
  type pci_device_id,
  type pci_error_handlers,
  type pci_ers_result_t,
} from '../kernel/pci/pci-dev'
export * from '../kernel/pci/registers'
export * from './pci/acs'
export * from './pci/config'
export * from './pci/driver'
export * from './pci/enable'
export * from './pci/ids'
export * from './pci/irq'
export * from './pci/log'
export * from './pci/power'
export * from './pci/regions'
export * from './pci/reset'
export * from './pci/topology'
