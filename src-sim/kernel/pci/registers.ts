/** What drivers may name of configuration space. */
export {
  PCI_ACS_CAP,
  PCI_ACS_CTRL,
  PCI_BASE_ADDRESS_0,
  PCI_CAP_ID_EXP,
  PCI_CAP_ID_MSI,
  PCI_CAP_ID_MSIX,
  PCI_CAP_ID_PM,
  PCI_COMMAND,
  PCI_COMMAND_INTX_DISABLE,
  PCI_COMMAND_IO,
  PCI_COMMAND_MASTER,
  PCI_COMMAND_MEMORY,
  PCI_COMMAND_SERR,
  PCI_DEVICE_ID,
  PCI_EXT_CAP_ID_ACS,
  PCI_HEADER_TYPE,
  PCI_INTERRUPT_LINE,
  PCI_PM_CTRL,
  PCI_PM_CTRL_STATE_MASK,
  PCI_REVISION_ID,
  PCI_SECONDARY_BUS,
  PCI_STATUS,
  PCI_VENDOR_ID,
} from './config'

export const PCI_STATUS_CAP_LIST = 0x10
export const PCI_CLASS_REVISION = 0x08
export const PCI_CLASS_PROG = 0x09
export const PCI_CLASS_DEVICE = 0x0a
export const PCI_CACHE_LINE_SIZE = 0x0c
export const PCI_LATENCY_TIMER = 0x0d
export const PCI_BASE_ADDRESS_1 = 0x14
export const PCI_BASE_ADDRESS_2 = 0x18
export const PCI_BASE_ADDRESS_3 = 0x1c
export const PCI_BASE_ADDRESS_4 = 0x20
export const PCI_BASE_ADDRESS_5 = 0x24
export const PCI_SUBSYSTEM_VENDOR_ID = 0x2c
export const PCI_SUBSYSTEM_ID = 0x2e
export const PCI_ROM_ADDRESS = 0x30
export const PCI_CAPABILITY_LIST = 0x34
export const PCI_INTERRUPT_PIN = 0x3d
export const PCI_PRIMARY_BUS = 0x18
export const PCI_SUBORDINATE_BUS = 0x1a
/** Offsets in the capabilities of messages. */
export const PCI_MSI_FLAGS = 2
export const PCI_MSI_FLAGS_ENABLE = 1
export const PCI_MSIX_FLAGS = 2
export const PCI_MSIX_FLAGS_QSIZE = 0x07ff
export const PCI_MSIX_FLAGS_ENABLE = 0x8000
/** Offsets in the PCI Express capability. */
export const PCI_EXP_FLAGS = 2
export const PCI_EXP_FLAGS_TYPE = 0xf0
/** Kinds of function, as `pci_pcie_type` answers. */
export const PCI_EXP_TYPE_ENDPOINT = 0
export const PCI_EXP_TYPE_LEG_END = 1
export const PCI_EXP_TYPE_ROOT_PORT = 4
export const PCI_EXP_TYPE_UPSTREAM = 5
export const PCI_EXP_TYPE_DOWNSTREAM = 6
export const PCI_EXP_TYPE_PCI_BRIDGE = 7
/** Access control: source validation, translation blocking, redirects, forwarding, direct. */
export const PCI_ACS_SV = 0x01
export const PCI_ACS_TB = 0x02
export const PCI_ACS_RR = 0x04
export const PCI_ACS_CR = 0x08
export const PCI_ACS_UF = 0x10
export const PCI_ACS_EC = 0x20
export const PCI_ACS_DT = 0x40
export const PCI_EXP_DEVCAP = 4
export const PCI_EXP_DEVCAP_FLR = 0x10000000
export const PCI_EXP_DEVCTL = 8
export const PCI_EXP_DEVCTL_READRQ = 0x7000
export const PCI_EXP_DEVCTL_BCR_FLR = 0x8000
export const PCI_EXP_DEVSTA = 0x0a
export const PCI_EXP_DEVSTA_TRPND = 0x20
export const PCI_EXP_LNKCTL = 0x10
export const PCI_EXP_LNKSTA = 0x12
