import { Hook } from '../../base/disposable'
import type { Cpu } from '../../engine/cpu'
import { machine } from '../../engine/current'
import type { Task } from '../../engine/exec'
import type { Machine } from '../../engine/machine'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { WaitList } from '../sched/schedule'

export type irqreturn_t = number
/** The line was not raised by this device. */
export const IRQ_NONE = 0
export const IRQ_HANDLED = 1
/** The rest is for the handler's thread. */
export const IRQ_WAKE_THREAD = 2

/** A primary or threaded handler: the irq number and what was registered with it. */
export type irq_handler_t = (irq: number, dev_id: any) => irqreturn_t

export const NAMES_OF_RETURN = ['unhandled', 'handled', 'wake_thread'] as const

/** What the interrupt controller of a line can do. */
export class irq_chip extends KernelObject {
  name: string
  /** @internal The line cannot come again before it was handled: no masking needed. */
  $oneshotSafe: boolean
  /** @internal It can repeat an interrupt by itself. */
  $retriggers: boolean
  /** What a driver's controller does to a line; called with interrupts off, must not sleep. */
  irq_ack: ((d: IrqData) => void) | null = null
  irq_mask: ((d: IrqData) => void) | null = null
  irq_unmask: ((d: IrqData) => void) | null = null

  /** A controller of a driver's: `new irq_chip({ name: 'demo', irq_mask, irq_unmask })`. */
  constructor(init: string | Partial<irq_chip> = '', oneshotSafe = false, retriggers = false) {
    super()
    this.name = typeof init === 'string' ? init : (init.name ?? '')
    if (typeof init !== 'string') {
      this.irq_ack = init.irq_ack ?? null
      this.irq_mask = init.irq_mask ?? null
      this.irq_unmask = init.irq_unmask ?? null
    }
    this.$oneshotSafe = oneshotSafe
    this.$retriggers = retriggers
  }
}

/** One registration on a line. */
export class irqaction extends KernelObject {
  irq = 0
  flags = 0
  name = ''
  handler: irq_handler_t | null = null
  thread_fn: irq_handler_t | null = null
  dev_id: unknown = null
  next: irqaction | null = null
  thread: Task | null = null
  /** @internal A wake-up for the thread that it has not taken yet. */
  $runThread = false
  /** @internal The thread has been told to end. */
  $stop = false
  /** @internal */
  $warnedNoThread = false
}

/** How a line's interrupts are taken. */
export type IrqFlow = 'edge' | 'level' | 'simple'

/** A line as its controller sees it. */
export class IrqData {
  readonly irq: number
  /** The number of the line at its own controller. */
  hwirq: number
  domain: object | null = null
  chip_data: any = null
  readonly #desc: IrqDesc

  constructor(desc: IrqDesc) {
    this.#desc = desc
    this.irq = this.hwirq = desc.irq
  }

  get chip(): irq_chip | null {
    return this.#desc.chip
  }
}

/** Bits of a line's `settings`. */
export const SETTINGS = { NOREQUEST: 1 << 11, NOAUTOEN: 1 << 12 } as const

/** An interrupt line: its state, and the list of those who want to hear of it. */
export class IrqDesc extends KernelObject {
  readonly $type = 'irq_desc'
  readonly irq: number
  name: string
  chip: irq_chip | null
  flow: IrqFlow
  action: irqaction | null = null
  /** How often it has been disabled; 1 while nobody has requested it. */
  depth = 1
  /** Came while it could not be taken: to be replayed. */
  pending = false
  inProgress = false
  #masked = true
  /** An edge that came while the line was masked at its source. */
  latched = false
  /** Whoever asserts a level line at the moment. */
  readonly sources = new Set<object>()
  /** Threads that must end before a one-shot line is unmasked. */
  readonly oneshot = new Set<irqaction>()
  threadsActive = 0
  readonly threadWaiters = new WaitList()
  threadsHandled = 0
  threadsHandledLast = 0
  deferred = false
  count = 0
  unhandled = 0
  lastUnhandled = 0
  badReturns = 0
  total = 0
  cpu: Cpu
  affinityHint: unknown = null
  affinityNotify: unknown = null
  handlerData: unknown = null
  /** IRQ_... bits that were set for the line. */
  settings = 0
  /** What controllers get to see of the line. */
  readonly data: IrqData
  /** How often somebody wants the line to wake the machine from sleep. */
  wakeDepth = 0

  constructor(irq: number, name: string, chip: irq_chip | null, flow: IrqFlow, cpu: Cpu) {
    super()
    this.irq = irq
    this.name = name
    this.chip = chip
    this.flow = flow
    this.cpu = cpu
    this.data = new IrqData(this)
  }

  /** Whether the controller holds interrupts of the line back. */
  get masked(): boolean {
    return this.#masked
  }

  set masked(masked: boolean) {
    if (masked === this.#masked) return
    this.#masked = masked
    this.tell(masked ? 'irq_mask' : 'irq_unmask')
  }

  /** Calls a function of the line's controller, if it has one. */
  tell(what: 'irq_ack' | 'irq_mask' | 'irq_unmask'): void {
    const f = this.chip?.[what]
    if (f) machine().runtime.atomic(f(this.data))
  }

  get disabled(): boolean {
    return this.depth > 0
  }
}

const FIRST_DYNAMIC = 24
const FIRST_LEGACY = 16

/** All lines of the machine. */
export class Irqs {
  readonly descs = new Map<number, IrqDesc>()
  readonly msiChip = new irq_chip('PCI-MSI', true, true)
  readonly legacyChip = new irq_chip('IO-APIC', false, true)
  /** `threadirqs`: primary handlers run in threads where that is possible. */
  forceThreads = false
  readonly once = new Set<string>()
  readonly on = {
    request: new Hook<[irqaction, IrqDesc]>(),
    free: new Hook<[irqaction, IrqDesc]>(),
    /** Before and after a primary or threaded handler is called. */
    handlerStart: new Hook<[irqaction, fn: irq_handler_t, threaded: boolean]>(),
    handlerEnd: new Hook<[irqaction]>(),
    /** Somebody waits until handlers (and threads) of the line are done. */
    synchronize: new Hook<[IrqDesc, threads: boolean]>(),
  }
  #machine: Machine

  constructor(machine: Machine) {
    this.#machine = machine
  }

  get(irq: number): IrqDesc | undefined {
    return this.descs.get(irq)
  }

  /** Makes `n` lines with consecutive numbers; answers the first. */
  alloc(n: number, name: string, chip: irq_chip | null, flow: IrqFlow): number {
    let first = chip === this.legacyChip ? FIRST_LEGACY : FIRST_DYNAMIC
    for (let i = 0; i < n; i++)
      if (this.descs.has(first + i)) {
        first += i + 1
        i = -1
      }
    for (let i = 0; i < n; i++)
      this.descs.set(first + i, new IrqDesc(first + i, name, chip, flow, this.#machine.cpus[0]!))
    return first
  }
}

export const irqs = service((m) => new Irqs(m))
