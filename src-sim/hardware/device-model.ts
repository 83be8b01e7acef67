import { assert } from '../base/assert'
import { device_dma_read, device_dma_write } from '../trace/events'
import type { DmaPort } from '../kernel/dma/port'
import { emit } from '../kernel/emit'
import { pciHost, type HardwareHost } from '../kernel/pci/host'
import type { pci_dev, PciHardware } from '../kernel/pci/pci-dev'
import { timed_model } from './timed-model'

/**
 * A device. Models override `read` and `write` for their registers and use the functions below to
 * raise interrupts, to let time pass and to reach memory. All of it runs between two instructions
 * of the CPUs: it never waits.
 *
 * Life: constructed when plugged in, `reset` when it is reset or leaves; what has gone does
 * nothing. Unbinding a driver does not stop it: only a reset, or taking it out, does.
 */
export class device_model extends timed_model implements PciHardware {
  vendorId = 0x1234
  deviceId = 0x0001
  revision = 0
  classCode = 0x00ff00
  /** Sizes of its register windows in bytes, powers of two; 0 = not there. */
  bars = [0x1000]
  /** Messages (MSI) that it can send; 0 = it has only a line. */
  vectors = 1
  vectorsX = 0
  /** It keeps translations itself and asks the IOMMU only once (address translation services). */
  ats = false
  /** Page requests it can have under way; 0: it cannot ask for pages. */
  pageRequests = 0
  /** Bits of its PASIDs; 0: it knows none. */
  pasidBits = 0
  override name = 'device'
  /** @internal */
  $host: HardwareHost | null = null

  /** @internal */
  override get $object(): object {
    return this.$host?.object ?? this
  }

  /** @internal */
  override get $gone(): boolean {
    return this.$host?.gone ?? false
  }

  /** A register read of `size` bytes; answer the value. */
  read(_bar: number, _offset: number, _size: number): number {
    return 0xffffffff
  }

  /** A register write of `size` bytes. */
  write(_bar: number, _offset: number, _size: number, _value: number): void {}

  /** @internal It sits in a slot now. */
  attach(pdev: pci_dev): void {
    this.$host = pciHost(this.$machine, pdev)
  }

  /** Sends an interrupt: a message when the driver enabled them, else the line is pulled. */
  raise_irq(vector = 0): void {
    if (this.$host && !this.$host.gone) this.$host.raise(vector)
  }

  /** Lets go of the interrupt line; messages need no such thing. */
  lower_irq(vector = 0): void {
    if (this.$host && !this.$host.gone) this.$host.lower(vector)
  }

  /**
   * Reads memory as the device sees it; null when it may not or nothing answers. With a PASID the
   * address is one of the process that it stands for.
   */
  dma_read(address: number, length: number, pasid = 0): Uint8Array | null {
    const port = this.#port()
    const bytes = port?.read(address, length, pasid) ?? null
    const result = bytes ? 'ok' : port ? 'fault' : 'refused'
    emit(device_dma_read, this.$host!.object, null, address, length, result)
    return bytes
  }

  /** Writes memory as the device sees it; false when it may not or nothing answers. */
  dma_write(address: number, bytes: Uint8Array, pasid = 0): boolean {
    const port = this.#port()
    const done = port?.write(address, bytes, pasid) ?? false
    const result = done ? 'ok' : port ? 'fault' : 'refused'
    emit(device_dma_write, this.$host!.object, null, address, bytes.length, result)
    return done
  }

  /**
   * Asks for a page (PCI page request interface); all requests of a group are answered together,
   * after its last one, by `page_response`. False: it may not ask, or the queue is full.
   */
  request_page(request: {
    pasid: number
    address: number
    write?: boolean
    group?: number
    last?: boolean
  }): boolean {
    const { pasid, address, write = false, group = 0, last = true } = request
    assert(this.$host !== null, 'a device model asked for memory before it was plugged in')
    const asked = { pasid, address, read: !write, write, execute: false, privileged: false, group, last }
    const answered = (of: number, code: number): void =>
      this.$machine.runtime.atomic<void>(this.page_response(of, code))
    return !this.$host.gone && (this.$host.requestPage?.(asked, answered) ?? false)
  }

  /** The answer to a group: 0 try again, 1 it will never be there, 2 ask no more. */
  page_response(_group: number, _code: number): void {}

  #port(): DmaPort | null {
    assert(this.$host !== null, 'a device model used memory before it was plugged in')
    return this.$host.gone ? null : this.$host.memory()
  }
}
