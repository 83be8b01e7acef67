import { machine as currentMachine } from '../engine/current'
import type { Machine } from '../engine/machine'
import { KernelObject } from '../engine/object'
import type { TimedEvent } from '../engine/events'
import { assert } from '../base/assert'
import { directDmaPort, type DmaPort } from '../kernel/dma/port'
import { raiseIrq, setLevel } from '../kernel/irq/lines'
import { commandOf, PCI_COMMAND_MASTER, type pci_dev, type PciHardware } from '../kernel/pci/pci-dev'

/**
 * A device on the PCI bus. Models override `read` and `write` for their registers and use the
 * functions below to raise interrupts, to let time pass and to reach memory. All of it runs
 * between two instructions of the CPUs: it never waits.
 *
 * Life: constructed when plugged in, `reset` when it leaves; a device that has gone does nothing.
 */
export class device_model extends KernelObject implements PciHardware {
  vendorId = 0x1234
  deviceId = 0x0001
  revision = 0
  classCode = 0x00ff00
  bars = [0x1000]
  vectors = 1
  name = 'device'
  /** @internal */
  $pdev: pci_dev | null = null
  /** @internal */
  $events = new Set<TimedEvent>()
  /** @internal */
  $machine: Machine = currentMachine()

  /** A register read of `size` bytes; answer the value. */
  read(_bar: number, _offset: number, _size: number): number {
    return 0xffffffff
  }

  /** A register write of `size` bytes. */
  write(_bar: number, _offset: number, _size: number, _value: number): void {}

  attach(pdev: pci_dev): void {
    this.$pdev = pdev
  }

  /** Stops everything that was going on. */
  reset(): void {
    for (const event of this.$events) this.$machine.events.cancel(event)
    this.$events.clear()
  }

  /** Sends an interrupt: a message when the driver enabled them, else the line is pulled. */
  raise_irq(vector = 0): void {
    const pdev = this.$pdev
    if (!pdev || pdev.$gone) return
    if (pdev.$vectors && (pdev.msi_enabled || pdev.msix_enabled))
      raiseIrq(this.$machine, pdev.$vectors.first + vector, pdev)
    else setLevel(this.$machine, pdev.$intx, pdev, true)
  }

  /** Lets go of the interrupt line; messages need no such thing. */
  lower_irq(): void {
    if (this.$pdev && !this.$pdev.$gone) setLevel(this.$machine, this.$pdev.$intx, this.$pdev, false)
  }

  /** Calls `step` in `ns` nanoseconds of virtual time, unless the device is reset or gone. */
  after(ns: number, what: string, step: () => void): void {
    const machine = this.$machine
    const event = machine.at(machine.nowNs + ns, `${this.name} ${what}`, this, () => {
      this.$events.delete(event)
      if (!this.$pdev?.$gone) machine.runtime.atomic(step())
    })
    this.$events.add(event)
  }

  /** Reads memory as the device sees it; null when it may not or nothing answers. */
  dma_read(address: number, length: number): Uint8Array | null {
    return this.#port()?.read(address, length) ?? null
  }

  /** Writes memory as the device sees it; false when it may not or nothing answers. */
  dma_write(address: number, bytes: Uint8Array): boolean {
    return this.#port()?.write(address, bytes) ?? false
  }

  /** Only a bus master reaches memory. */
  #port(): DmaPort | null {
    const pdev = this.$pdev
    assert(pdev !== null, 'a device model used memory before it was plugged in')
    if (pdev.$gone || (commandOf(pdev) & PCI_COMMAND_MASTER) === 0) return null
    return directDmaPort(this.$machine, pdev.dev)
  }
}
