/** Registers of the device: see the page about edu. */
export const ID = 0x00
export const FACTORIAL = 0x08
export const STATUS = 0x20
export const IRQ_STATUS = 0x24
export const IRQ_RAISE = 0x60
export const IRQ_ACK = 0x64
export const DMA_SOURCE = 0x80
export const DMA_DESTINATION = 0x88
export const DMA_COUNT = 0x90
export const DMA_COMMAND = 0x98
/** The device's own buffer, as its engine addresses it. */
export const DEVICE_BUFFER = 0x40000
/** Start, from the device to memory, interrupt at the end. */
export const TO_MEMORY_WITH_IRQ = 0x7
