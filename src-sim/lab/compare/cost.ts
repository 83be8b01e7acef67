import { ensure } from '../../base/assert'
import { fair } from '../../engine/strategy'
import type { CompareCost } from '../../protocol'
import type { Sandbox } from '../../sandbox'
import { Trace } from '../../trace'
import type { EventRecord } from '../../trace/types'
import { boot } from '../boot'
import type { LabProgram } from '../program'

const STEPS_MAX = 1_000_000

/** One system call as the trace shows it, with what the driver did in it to be safe. */
interface Call {
  command: number
  startNs: number
  ns: number
  locks: number
  readers: number
  references: number
}

/** What counts as asking for permission: taking a lock, entering a reader, taking a reference. */
const COUNTED: Readonly<Record<string, 'locks' | 'readers' | 'references'>> = {
  lock_acquired: 'locks',
  rcu_read_lock: 'readers',
  ref_get: 'references',
}

/**
 * Runs a lab as it is when nothing is disturbed, and measures the call its program makes most
 * often: that is its fast path.
 */
export function measureCost(program: LabProgram, sandbox: Sandbox): CompareCost {
  const booted = boot(program, sandbox, {
    strategy: fair,
    run: {},
    traced: true,
    recordKeys: false,
    stepsMax: STEPS_MAX,
  })
  booted.machine.run()
  const trace = new Trace(ensure(booted.writer, 'a traced run without a writer').store)
  const events = trace.events(0, trace.length)
  booted.machine.dismantle()
  const calls = fastCalls(ioctlsIn(events))
  const { ns, locks, readers, references } = calls[calls.length >> 1] ?? NO_CALL
  return { lab: program.lab.id, callNs: ns, locks, readers, references, unbindNs: unbindTime(events) }
}

const NO_CALL: Call = { command: 0, startNs: 0, ns: 0, locks: 0, readers: 0, references: 0 }

/** The calls with the command that is given most often, fastest first. */
function fastCalls(calls: readonly Call[]): Call[] {
  const counts = new Map<number, number>()
  for (const { command } of calls) counts.set(command, (counts.get(command) ?? 0) + 1)
  const most = [...counts].sort((a, b) => b[1] - a[1])[0]
  return calls.filter((c) => c.command === most?.[0]).sort((a, b) => a.ns - b.ns)
}

function ioctlsIn(events: readonly EventRecord[]): Call[] {
  const under = new Map<number, Call>()
  const done: Call[] = []
  for (const { name, args, context, timeNs } of events) {
    if (name === 'sys_enter') {
      const [call, , , command] = args
      if (call === 'ioctl')
        under.set(context, { ...NO_CALL, command: Number(command), startNs: timeNs })
      continue
    }
    const call = under.get(context)
    if (!call) continue
    const counter = COUNTED[name]
    if (counter) call[counter]++
    if (name !== 'sys_exit') continue
    under.delete(context)
    done.push({ ...call, ns: timeNs - call.startNs })
  }
  return done
}

/** From the moment a driver is told to let go of its device until it has. */
function unbindTime(events: readonly EventRecord[]): number {
  const states = events.filter((e) => e.name === 'device_state')
  const begin = states.find((e) => e.args[1] === 'unbinding')
  const end = begin && states.find((e) => e.args[0] === begin.args[0] && e.index > begin.index)
  return begin && end ? end.timeNs - begin.timeNs : 0
}
