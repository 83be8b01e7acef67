import type {
  UsbHardware,
  UsbInterfaceSpec,
  UsbPortHost,
  UsbRequest,
  UsbSpeed,
} from '../kernel/usb/hardware'
import { timed_model } from './timed-model'

/**
 * A USB device. Models override `in`, `out` and `control`; all of it runs between two instructions
 * of the CPUs: it never waits. To send later, answer null now and call `data_ready` then.
 *
 * Life: constructed when plugged in, `reset` when its port is reset or it is pulled out.
 */
export class usb_device_model extends timed_model implements UsbHardware {
  override name = 'usb-device'
  idVendor = 0x1234
  idProduct = 0x0001
  bcdDevice = 0x0100
  bDeviceClass = 0
  speed: UsbSpeed = 'high'
  manufacturer = 'klab'
  product = ''
  serial = ''
  interfaces: readonly UsbInterfaceSpec[] = [{ endpoints: [] }]
  /** @internal */
  $host: UsbPortHost | null = null

  /** @internal */
  override get $object(): object {
    return this.$host?.object ?? this
  }

  /** @internal */
  override get $gone(): boolean {
    return this.$host?.gone ?? false
  }

  /** @internal It sits in a port now. */
  attach(port: UsbPortHost): void {
    this.$host = port
  }

  /** A class or vendor request: bytes to send, or none; 'stall' refuses it. */
  control(_request: UsbRequest, _data: Uint8Array): Uint8Array | 'stall' {
    return 'stall'
  }

  /** The host asks an IN endpoint for at most `length` bytes; null: nothing yet. */
  in(_address: number, _length: number): Uint8Array | 'stall' | null {
    return null
  }

  /** The host sends to an OUT endpoint; false: no room yet. */
  out(_address: number, _bytes: Uint8Array): boolean | 'stall' {
    return 'stall'
  }

  /** The host may ask this endpoint again. */
  data_ready(address: number): void {
    if (this.$host && !this.$host.gone) this.$host.ready(address)
  }
}
