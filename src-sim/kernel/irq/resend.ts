import { machine as currentMachine } from '../../engine/current'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { named } from '../api'
import type { IrqDesc } from './desc'
import { handleFlow } from './handle'
import { localIrqRestore, localIrqSave } from './irqflags'
import { tasklet_struct, tasklets } from './tasklet'

/** Lines whose controller cannot repeat an interrupt: a tasklet plays it again. */
class Resend {
  readonly lines: IrqDesc[] = []
  readonly tasklet = new tasklet_struct()

  constructor() {
    this.tasklet.func = resendLines as unknown as (data: unknown) => void
  }
}

const resend = service(() => new Resend())

const resendLines = named('resend_irqs', function* (): Sim {
  const { lines } = resend(currentMachine())
  for (let desc = lines.shift(); desc !== undefined; desc = lines.shift()) {
    const flags = localIrqSave()
    yield* handleFlow(desc)
    localIrqRestore(flags)
  }
})

/** Lets what came on a disabled line happen now: in a softirq, not in a hard interrupt. */
export function resendSoftly(desc: IrqDesc): void {
  const m = currentMachine()
  resend(m).lines.push(desc)
  tasklets(m).schedule(resend(m).tasklet, false)
}

/** The line is shut down: nothing of it is played again. */
export function forgetResend(desc: IrqDesc): void {
  const { lines } = resend(currentMachine())
  const at = lines.indexOf(desc)
  if (at >= 0) lines.splice(at, 1)
}
