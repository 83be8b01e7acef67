import { createBirpc } from 'birpc'
import type { ContextView, Finding } from '../../../../src-sim/protocol'
import type { KernelEvents, SessionStatus } from '../../../../src-sim/protocol/api'
import { traceQueries } from '../../../../src-sim/lab/trace-queries'
import { syntheticTrace } from '../synthetic-trace'
import { fakeFinding } from '../../fake-kernel'

/** A kernel worker that has only a recorded trace, for looking at the panels that show traces. */
const query = new URLSearchParams(self.name)
const { trace, workId } = syntheticTrace(Number(query.get('events') ?? 200_000), Number(query.get('tasks') ?? 12), Number(query.get('devices') ?? 6))
const last = trace.event(trace.length - 1)
let status: SessionStatus = {
  state: 'ended', lab: 'synthetic', steps: last.step, timeNs: last.timeNs, events: trace.length,
  cursorStep: last.step, cursorTimeNs: last.timeNs, cursorEvent: trace.length - 1, findings: 1,
  dmesgLines: 0, seed: 7, strategy: 'fair', traceHash: '0', stop: 'finished', stopText: 'The end.',
}

function finding(): Finding {
  const one = fakeFinding(last.step)
  const times = [last.timeNs - 1_000, last.timeNs - 60_000, last.timeNs - 9_000]
  one.timeNs = last.timeNs - 1000
  one.objects = [{ id: workId, type: 'work_struct', name: 'demo0.work' }]
  one.stacks.forEach((stack, i) => {
    stack.timeNs = times[i]!
    stack.step = last.step - [0, 60, 9][i]!
    stack.context = ['kworker/0:0', 'insmod', 'rmmod'][i]!
  })
  return one
}

const frame = (name: string, line: number) => ({ function: name, file: 'driver.ts', line, column: 1, module: 'demo' })
const kernelFrame = (name: string) => ({ function: name, file: null, line: 0, column: 0, module: null })
const contexts: ContextView[] = [
  { id: 4, cpu: 0, kind: 'task', name: 'kworker/0:0', pid: 4, state: 'running', waitsFor: null, running: true, stack: [frame('demo_work', 31), kernelFrame('process_one_work'), kernelFrame('worker_thread')], locks: ['demo0.lock'], preemptCount: 1, irqsOff: true },
  { id: 17, cpu: 1, kind: 'hardirq', name: 'hardirq/1', pid: 0, state: 'running', waitsFor: null, running: true, stack: [frame('demo_irq', 50), kernelFrame('handle_irq_event')], locks: [], preemptCount: 0, irqsOff: true },
  { id: 2, cpu: 1, kind: 'task', name: 'rmmod', pid: 2, state: 'uninterruptible', waitsFor: 'the work item demo0.work to finish', running: false, stack: [kernelFrame('cancel_work_sync'), frame('demo_remove', 44), kernelFrame('pci_unregister_driver')], locks: [], preemptCount: 0, irqsOff: false },
  { id: 3, cpu: 2, kind: 'task', name: 'cat', pid: 3, state: 'interruptible', waitsFor: 'the wait queue demo0.wq', running: false, stack: [frame('demo_read', 71), kernelFrame('vfs_read')], locks: [], preemptCount: 0, irqsOff: false },
]

function seek(to: { step?: number; timeNs?: number; event?: number }): SessionStatus {
  const index = to.event ?? (to.timeNs !== undefined ? trace.indexAtTime(to.timeNs + 1) - 1 : trace.indexAtStep(to.step!))
  const event = Math.max(0, Math.min(trace.length - 1, index))
  const at = trace.event(event)
  status = { ...status, cursorEvent: event, cursorTimeNs: to.timeNs ?? at.timeNs, cursorStep: at.step }
  return status
}

createBirpc<KernelEvents, object>(
  {
    hello: () => ({ protocol: 1, version: 'synthetic' }),
    open: () => ({ problems: [], status }),
    seek,
    findings: () => [finding()],
    contexts: () => contexts,
    dmesg: () => [],
    breakpoints: () => undefined,
    ...traceQueries(() => trace, () => trace),
  },
  { post: (message) => self.postMessage(message), on: (listener) => self.addEventListener('message', (e) => listener(e.data)), timeout: -1 },
)
