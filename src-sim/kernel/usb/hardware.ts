/** What the host controller needs of a device model in a port. */
export interface UsbHardware {
  idVendor: number
  idProduct: number
  bcdDevice: number
  bDeviceClass: number
  speed: UsbSpeed
  manufacturer: string
  product: string
  serial: string
  interfaces: readonly UsbInterfaceSpec[]
  /** It sits in a port now. */
  attach(port: UsbPortHost): void
  /** Answers bytes (none for OUT requests), or 'stall'. */
  control(request: UsbRequest, data: Uint8Array): Uint8Array | 'stall'
  /** The host asks for at most `length` bytes; null: nothing to send yet. */
  in(address: number, length: number): Uint8Array | 'stall' | null
  /** The host sends; false: no room yet. */
  out(address: number, bytes: Uint8Array): boolean | 'stall'
  /** The port was reset, or it is taken out: everything under way stops. */
  reset(): void
}

/** What a model finds around it while it is in a port. */
export interface UsbPortHost {
  /** The structure that was made for it, for the trace. */
  readonly object: object
  readonly gone: boolean
  /** An endpoint that had nothing to send, or no room, may be asked again. */
  ready(address: number): void
}

export type UsbSpeed = 'low' | 'full' | 'high' | 'super'
export type UsbTransferType = 'bulk' | 'interrupt' | 'isochronous'

export interface UsbEndpointSpec {
  /** With bit 7 for IN: 0x81 is endpoint 1 IN. */
  address: number
  type: UsbTransferType
  /** Bytes; 512 for bulk, 64 for others. */
  maxPacket?: number
  interval?: number
}

export interface UsbInterfaceSpec {
  class?: number
  subclass?: number
  protocol?: number
  endpoints: readonly UsbEndpointSpec[]
  /** Alternate settings besides this one, in order. */
  alternates?: readonly (readonly UsbEndpointSpec[])[]
}

/** A control request as a model sees it. */
export interface UsbRequest {
  bRequestType: number
  bRequest: number
  wValue: number
  wIndex: number
  wLength: number
}
