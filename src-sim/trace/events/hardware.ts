import { begin, end, event, set } from '../declare'

/** Traffic between CPUs, PCI and device models. */

export const mmio_read = event(
  'mmio_read', 'hardware', 'A CPU reads a register.',
  ['device:obj', 'bar:u32', 'offset:hex', 'width:u32 bytes', 'value:addr'],
)
export const mmio_write = event(
  'mmio_write', 'hardware', 'A CPU writes a register.',
  ['device:obj', 'bar:u32', 'offset:hex', 'width:u32 bytes', 'value:addr'],
)
export const mmio_map = event(
  'mmio_map', 'hardware', 'Registers are mapped into the address space of the kernel.',
  ['device:obj', 'bar:u32', 'phys_addr:addr', 'size:u32 bytes', 'virt_addr:addr'],
)
export const mmio_unmap = event(
  'mmio_unmap', 'hardware', 'The mapping of registers is gone.', ['device:obj', 'virt_addr:addr'],
)
export const pci_config_read = event(
  'pci_config_read', 'hardware', 'The configuration space of a PCI device is read.',
  ['device:obj', 'where:hex', 'size:u32 bytes', 'value:hex'],
)
export const pci_config_write = event(
  'pci_config_write', 'hardware', 'The configuration space of a PCI device is written.',
  ['device:obj', 'where:hex', 'size:u32 bytes', 'value:hex'],
)
export const pci_enable = event(
  'pci_enable', 'hardware', 'A PCI device is switched on or off.',
  ['device:obj', 'enabled:bool', 'busmaster:bool'],
)
export const register_access = event(
  'register_access', 'hardware', 'A device model acts on an access to one of its registers.',
  ['device:obj', 'register:str', 'write:bool', 'value:addr'],
)
export const hardware_state = event(
  'hardware_state', 'hardware', 'A device model goes to another state.',
  ['device:obj', 'state:str'], [set('device', 'hardware', '$state')],
)
export const hardware_begin = event(
  'hardware_begin', 'hardware', 'A device model starts an operation.',
  ['device:obj', 'operation:str'], [begin('hardware', '$operation')],
)
export const hardware_end = event(
  'hardware_end', 'hardware', 'A device model is done with an operation.',
  ['device:obj', 'operation:str'], [end('hardware')],
)
export const device_dma_read = event(
  'device_dma_read', 'hardware', 'A device reads memory.',
  ['device:obj', 'mapping:obj', 'dma_addr:addr', 'size:u32 bytes', 'result:ok|fault|refused'],
)
export const device_dma_write = event(
  'device_dma_write', 'hardware', 'A device writes memory.',
  ['device:obj', 'mapping:obj', 'dma_addr:addr', 'size:u32 bytes', 'result:ok|fault|refused'],
)
