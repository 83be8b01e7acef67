import { attachKasan } from '../../../src-sim/checkers/kasan'
import { attachTextLifetime } from '../../../src-sim/checkers/text-lifetime'
import { Machine, type MachineOptions } from '../../../src-sim/engine/machine'
import type { Sim } from '../../../src-sim/engine/suspend'
import { modules } from '../../../src-sim/kernel/base/module'
import { spawnProcess } from '../../../src-sim/kernel/fs/process'
import { kernelLog } from '../../../src-sim/kernel/printk/log'
import { installTrouble } from '../../../src-sim/kernel/sched/trouble'
import * as d from '../../../src-sim/linux/device'
import { container_of } from '../../../src-sim/linux/container_of'
import { GFP_KERNEL, kfree, kzalloc } from '../../../src-sim/linux/slab'
import { sim } from '../../sim/harness'

export class own_device {
  dev = new d.device()
}

/** Builds a machine whose main task is the process that runs `main`, and runs it to its end. */
export function play(main: (k: Kit) => Sim, options: MachineOptions = {}, untilNs = 400e9): Kit {
  const m = new Machine(options)
  const kit = new Kit(m)
  let failed: unknown = null
  const body = function* (): Sim {
    try {
      yield* main(kit)
    } catch (error) {
      failed = error
      throw error
    }
  }
  m.inside(() => {
    installTrouble(m)
    attachKasan(m)
    attachTextLifetime(m)
    m.main = spawnProcess(m, 'main', body).task
  })
  m.run(untilNs)
  if (failed instanceof Error && failed.name === 'AssertionError') throw failed
  const broken = m.findings.find((f) => f.kind === 'oops.exception')
  if (broken) throw new Error(broken.report.join('\n'))
  return kit
}

/** A bus that matches by prefix, and a log of what happens on it. */
export class Kit {
  readonly machine: Machine
  readonly log: string[] = []
  readonly bus = new d.bus_type({
    name: 'kitbus',
    match: (dev, drv) => (d.dev_name(dev).startsWith(drv.name) ? 1 : 0),
  })

  constructor(machine: Machine) {
    this.machine = machine
  }

  say = (text: string): void => {
    this.log.push(text)
  };

  *start(): Sim {
    yield* sim(d.bus_register(this.bus))
  }

  create(name: string | null, more: Partial<d.device> = {}): d.device {
    const own = kzalloc(own_device, GFP_KERNEL)!
    d.device_initialize(own.dev)
    own.dev.bus = this.bus
    own.dev.release = (dev) => {
      this.say(`release ${d.dev_name(dev)}`)
      kfree(container_of(dev, own_device, 'dev'))
    }
    Object.assign(own.dev, more)
    if (name !== null) d.dev_set_name(own.dev, name)
    return own.dev
  }

  *add(name: string, more: Partial<d.device> = {}): Sim<d.device> {
    const dev = this.create(name, more)
    dev.dma_mask = dev.coherent_dma_mask = 0xffffffff
    const ret = yield* sim(d.device_add(dev))
    if (ret) this.say(`add ${name} ${ret}`)
    return dev
  }

  driver(
    name: string,
    more: Partial<Omit<d.device_driver, 'probe' | 'remove'>> & {
      probe?: unknown
      remove?: unknown
    } = {},
  ): d.device_driver {
    return new d.device_driver({
      name,
      bus: this.bus,
      probe: (dev: d.device) => (this.say(`probe ${d.dev_name(dev)}`), 0),
      remove: (dev: d.device) => this.say(`remove ${d.dev_name(dev)}`),
      ...(more as object),
    })
  }

  get dmesg(): string[] {
    return kernelLog(this.machine).lines.map((l) => l.text)
  }

  get kinds(): string[] {
    return this.machine.findings.map((f) => f.kind)
  }

  /** Modules of this machine, by name: what runs as their top level. */
  provide(images: Record<string, () => void>): void {
    modules(this.machine).loader = (name) => {
      const evaluate = images[name]
      return evaluate ? { files: [], evaluate } : null
    }
  }
}
