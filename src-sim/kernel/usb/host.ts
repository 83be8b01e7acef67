import { machine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { addDevice, initializeDevice, setState } from '../base/core'
import { device, device_driver } from '../base/device'
import { MASK_64 } from '../dma/dma-device'
import type { irq_handler_t } from '../irq/desc'
import { allocIrqs, raiseIrq } from '../irq/lines'
import { requestThreadedIrq } from '../irq/manage'
import { WaitList } from '../sched/schedule'
import { initWork, queueWorkOn } from '../workqueue/queue'
import { work_struct, workqueue_struct, WQ_FREEZABLE, WQ_PERCPU } from '../workqueue/structs'
import { workqueues } from '../workqueue/workqueues'
import { USB_ENDPOINT_XFER_CONTROL } from './descriptors'
import { setUpBus } from './bus'
import { giveBackAll, takeEvents } from './giveback'
import type { UsbHardware } from './hardware'
import {
  DEVICE_TYPE,
  usb_bus,
  usb_device,
  USB_SPEED_SUPER,
  USB_STATE_CONFIGURED,
  UsbBusType,
} from './structs'
import type { Urb } from './urb'

const HUB_WORKERS = 256

/** A place for a device: `1-1`. */
export interface UsbPort {
  readonly name: string
  readonly number: number
  hardware(): UsbHardware
  /** What is plugged in. */
  present: UsbHardware | null
  /** What the hub has made of it. */
  found: usb_device | null
}

/** Requests whose completion functions wait to be called, in softirq context. */
export interface GivebackList {
  urbs: Urb[]
  running: boolean
  readonly work: work_struct
  readonly wq: workqueue_struct
}

/**
 * One controller (xhci) with its root hub; built when a machine has USB, or a driver asks for it.
 */
export class UsbHost {
  readonly bus = new UsbBusType()
  readonly ports = new Map<string, UsbPort>()
  readonly controller = new device()
  readonly hcd = new usb_bus()
  readonly hubWq: workqueue_struct
  readonly irq: number
  /** What the hardware has finished, until its interrupt is served. */
  readonly events: { urb: Urb; submission: object | null; status: number }[] = []
  readonly low: GivebackList
  readonly high: GivebackList
  /** Those who wait for a request to be over: one queue for all, as in the kernel. */
  readonly killers = new WaitList()
  toldOfWrongType = false
  readonly #machine: Machine
  #lastNumber = 1

  constructor(m: Machine) {
    this.#machine = m
    const { runtime } = m
    setUpBus(m, this.bus)
    this.controller.kobj.name = 'xhci-hcd.0'
    this.controller.release = () => {}
    this.controller.dma_mask = MASK_64
    this.controller.coherent_dma_mask = MASK_64
    initializeDevice(this.controller)
    runtime.atomic(addDevice(this.controller))
    this.controller.driver = new device_driver({ name: 'xhci_hcd' })
    setState(this.controller, 'bound')
    this.hcd.controller = this.controller
    this.hubWq = new workqueue_struct('usb_hub_wq', WQ_FREEZABLE | WQ_PERCPU, HUB_WORKERS)
    workqueues(m).connect(this.hubWq)
    this.irq = allocIrqs(m, 1, 'xhci_hcd', 'msi')
    const handler = (() => takeEvents(this)) as unknown as irq_handler_t
    runtime.atomic(requestThreadedIrq(this.irq, handler, null, 0, 'xhci_hcd', this.hcd))
    this.low = this.#givebacks('system_bh_wq')
    this.high = this.#givebacks('system_bh_highpri_wq')
    this.hcd.root_hub = this.#rootHub()
  }

  #givebacks(queue: 'system_bh_wq' | 'system_bh_highpri_wq'): GivebackList {
    const wq = workqueues(this.#machine).system(queue)
    const list: GivebackList = { urbs: [], running: false, work: new work_struct(), wq }
    initWork(list.work, (() => giveBackAll(this, list)) as unknown as () => void)
    return list
  }

  /** `usb1`: no hardware behind it, the parent of what is plugged in. */
  #rootHub(): usb_device {
    const hub = new usb_device()
    hub.devnum = 1
    hub.devpath = '0'
    hub.bus = this.hcd
    hub.speed = USB_SPEED_SUPER
    hub.state = USB_STATE_CONFIGURED
    hub.ep0.desc.bmAttributes = USB_ENDPOINT_XFER_CONTROL
    const { dev } = hub
    dev.kobj.name = 'usb1'
    dev.parent = this.controller
    dev.bus = this.bus
    dev.type = DEVICE_TYPE
    dev.release = () => {}
    initializeDevice(dev)
    this.#machine.runtime.atomic(addDevice(dev))
    return hub
  }

  /** Device numbers go round; a number is not used again at once. */
  nextNumber(): number {
    this.#lastNumber = this.#lastNumber >= 127 ? 2 : this.#lastNumber + 1
    return this.#lastNumber
  }

  /** The hardware has finished a request: it says so by an interrupt. */
  finish(urb: Urb, status: number): void {
    this.events.push({ urb, submission: urb.hcpriv, status })
    raiseIrq(this.#machine, this.irq, this.controller)
  }

  /** Runs `body` on the hub's workqueue and waits for its end. */
  *onHub(body: () => Sim<unknown>): Sim {
    const work = new work_struct()
    const over = new WaitList()
    const state = { done: false }
    initWork(work, function* hub_event(): Sim {
      yield* body()
      state.done = true
      over.wakeAll()
    } as unknown as () => void)
    queueWorkOn(null, this.hubWq, work)
    yield* over.waitUntil(() => state.done, this.controller, 'hub event')
  }
}

export const usbHost = service((m) => new UsbHost(m))

/** The bus of the running machine. */
export const usbBus = (): UsbBusType => usbHost(machine()).bus
