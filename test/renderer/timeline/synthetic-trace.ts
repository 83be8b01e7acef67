import { Random } from '../../../src-sim/base/random'
import * as ev from '../../../src-sim/trace/events'
import { Trace, TraceWriter } from '../../../src-sim/trace'

export interface Synthetic {
  trace: Trace
  workId: number
}

/** A made-up run of two drivers: as long as wanted, with everything the panels can show. */
export function syntheticTrace(events: number, tasks = 12, devices = 6): Synthetic {
  const at = { timeNs: 0, cpu: 0, context: 0, step: 0, p: 0 }
  const writer = new TraceWriter(at)
  const random = new Random(7)
  const task = (comm: string, i: number): number =>
    writer.defineContext({ kind: 'task', pid: i + 1, comm, prio: 120, cpu: -1, tgid: i + 1 })
  const contexts = ['insmod', 'rmmod', 'cat'].map(task)
  for (let i = 0; i < tasks; i++) contexts.push(task(`kworker/${i % 4}:${i}`, i + 3))
  const hardirqs = [0, 1, 2, 3].map((cpu) =>
    writer.defineContext({ kind: 'hardirq', pid: 0, comm: `hardirq/${cpu}`, prio: 0, cpu, tgid: 0 }),
  )
  writer.defineFile(1, 'driver.ts')
  const bus = writer.defineObject('bus_type', 'pci')
  const module = writer.defineObject('module', 'demo')
  const driver = writer.defineObject('pci_driver', 'demo')
  const queue = writer.defineObject('workqueue_struct', 'events')
  const devs = Array.from({ length: devices }, (_, i) => {
    const device = writer.defineObject('pci_dev', `0000:00:0${i + 1}.0`)
    const data = writer.defineObject('demo', `demo${i}`)
    return {
      device,
      data,
      work: writer.defineObject('work_struct', `demo${i}.work`, data),
      timer: writer.defineObject('timer_list', `demo${i}.timer`, data),
      lock: writer.defineObject('spinlock', `demo${i}.lock`, data),
      line: writer.defineObject('irq_desc', `irq ${32 + i}`),
      action: writer.defineObject('irqaction', `demo${i}`),
      file: writer.defineObject('file', `/dev/demo${i}`),
      cdev: writer.defineObject('cdev', `demo${i}`),
    }
  })
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!
  const go = (cpu: number, context: number, ns: number): void => {
    at.timeNs += 1 + random.below(ns)
    at.step++
    at.cpu = cpu
    at.context = context
    at.p = (1 << 23) | ((10 + random.below(60)) << 9) | 3
  }
  go(0, contexts[0]!, 900)
  writer.emit(ev.module_load, module, 'demo', '')
  writer.emit(ev.module_state, module, 'LIVE')
  writer.emit(ev.code_load, module, 1)
  writer.emit(ev.driver_register, driver, bus, module)
  for (const d of devs) {
    go(0, contexts[0]!, 2000)
    writer.emit(ev.device_state, d.device, 'no driver')
    writer.emit(ev.device_add, d.device, bus, bus)
    writer.emit(ev.device_state, d.device, 'probing')
    writer.emit(ev.probe_start, d.device, driver, 'demo_probe')
    go(0, contexts[0]!, 1500)
    writer.emit(ev.kmalloc, d.data, 'demo_probe', 0xffff888003a41c00, 192, 192, 'GFP_KERNEL')
    writer.emit(ev.irq_request, 32, 'demo', d.action, d.line, 'demo_irq', '', d.device)
    writer.emit(ev.cdev_add, d.cdev, d.device ? 'demo' : '', 0xa00000, module)
    writer.emit(ev.file_open, d.file, '/dev/demo', d.cdev)
    writer.emit(ev.fd_install, contexts[2]!, 3, d.file)
    go(0, contexts[0]!, 1500)
    writer.emit(ev.probe_end, d.device, driver, 0)
    writer.emit(ev.device_bind, d.device, driver)
    writer.emit(ev.device_state, d.device, 'bound')
  }
  const running = [0, 0, 0, 0].map((_, cpu) => contexts[cpu]!)
  while (writer.store.length < events - 40) {
    const cpu = random.below(4)
    const d = pick(devs)
    const worker = contexts[3 + random.below(tasks)]!
    if (random.below(20) === 0) at.timeNs += random.below(400_000)
    const prev = running[cpu]!
    go(cpu, prev, 800)
    if (prev !== worker) writer.emit(ev.sched_switch, prev, 'S', worker)
    running[cpu] = worker
    switch (random.below(4)) {
      case 0:
        go(cpu, worker, 500)
        writer.emit(ev.workqueue_queue_work, d.work, 'demo_work', queue, -1, cpu)
        writer.emit(ev.sched_wakeup, pick(contexts), cpu)
        go(cpu, worker, 3000)
        writer.emit(ev.workqueue_execute_start, d.work, 'demo_work', queue)
        go(cpu, worker, 400)
        writer.emit(ev.lock_acquire, d.lock, 'exclusive', false)
        writer.emit(ev.lock_acquired, d.lock, 'exclusive')
        go(cpu, worker, 2500)
        writer.emit(ev.lock_release, d.lock)
        go(cpu, worker, 700)
        writer.emit(ev.workqueue_execute_end, d.work, 'demo_work')
        break
      case 1:
        go(cpu, worker, 500)
        writer.emit(ev.timer_start, d.timer, 'demo_timer', 100, 0)
        go(cpu, hardirqs[cpu]!, 4000)
        writer.emit(ev.timer_expire_entry, d.timer, 'demo_timer', 100)
        go(cpu, hardirqs[cpu]!, 1500)
        writer.emit(ev.timer_expire_exit, d.timer)
        break
      case 2:
        go(cpu, hardirqs[cpu]!, 600)
        writer.emit(ev.irq_raise, d.line, 32, d.device)
        go(cpu, hardirqs[cpu]!, 300)
        writer.emit(ev.irq_handler_entry, 32, 'demo', d.action, d.line, 'demo_irq')
        go(cpu, hardirqs[cpu]!, 900)
        writer.emit(ev.irq_handler_exit, 32, 'handled', d.action)
        break
      default:
        go(cpu, worker, 500)
        writer.emit(ev.call_begin, `demo_${pick(['read', 'write', 'poll', 'ioctl'])}`, d.data)
        go(cpu, worker, 300)
        writer.emit(ev.call_begin, 'copy_to_user', d.data)
        go(cpu, worker, 900)
        writer.emit(ev.call_end, 'copy_to_user', 0)
        go(cpu, worker, 400)
        writer.emit(ev.call_end, 'demo_read', 0)
    }
  }
  const last = devs[0]!
  go(1, contexts[1]!, 9000)
  writer.emit(ev.workqueue_queue_work, last.work, 'demo_work', queue, -1, 1)
  writer.emit(ev.device_state, last.device, 'unbinding')
  writer.emit(ev.remove_start, last.device, driver, 'demo_remove')
  go(1, contexts[1]!, 3000)
  writer.emit(ev.irq_free, 32, last.action, last.line, last.device)
  writer.emit(ev.kfree, last.data, 'demo_remove', 0xffff888003a41c00)
  go(1, contexts[1]!, 2000)
  writer.emit(ev.remove_end, last.device, driver)
  writer.emit(ev.device_unbind, last.device, driver)
  writer.emit(ev.device_state, last.device, 'zombie')
  go(2, contexts[3]!, 5000)
  writer.emit(ev.workqueue_execute_start, last.work, 'demo_work', queue)
  go(2, contexts[3]!, 4000)
  writer.emit(ev.workqueue_execute_end, last.work, 'demo_work')
  return { trace: new Trace(writer.store), workId: last.work }
}
