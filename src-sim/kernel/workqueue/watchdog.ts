import type { Machine } from '../../engine/machine'
import { SEC } from '../../base/units'
import { symbolOf } from '../printk/symbols'
import { report } from '../report'
import type { Instance, Pool } from './structs'
import { workqueues } from './workqueues'

const PERIOD_NS = 30 * SEC
const NICE_HIGH = -20

/**
 * The stall watchdog: a pool that has work waiting and has started nothing for 30 s is reported
 * with what its workers do. Blocked items do not cause that, for others start then.
 */
export function watchPools(machine: Machine): void {
  machine.atBackground(machine.nowNs + PERIOD_NS, 'workqueue watchdog', () => {
    for (const pool of workqueues(machine).pools()) {
      const forNs = machine.nowNs - pool.progressNs
      if (pool.worklist.length > 0 && forNs > PERIOD_NS) reportStall(machine, pool, forNs)
    }
    watchPools(machine)
  })
}

function poolText(machine: Machine, pool: Pool): string {
  const cpus = pool.cpu === null ? `0-${machine.cpus.length - 1}` : String(pool.cpu.id)
  const kind = pool.bh ? (pool.highpri ? 'bh-hi' : 'bh') : `nice=${pool.highpri ? NICE_HIGH : 0}`
  return `cpus=${cpus} node=0 flags=0x0 ${kind}`
}

function reportStall(machine: Machine, pool: Pool, forNs: number): void {
  const name =
    (i: Instance): string => (i.work === null ? 'BAR' : symbolOf(machine, i.work.func, false))
  const tail = ['Showing busy workqueues and worker pools:']
  for (const wq of workqueues(machine).all)
    for (const pwq of wq.$queues) {
      if (pwq.active === 0 && pwq.inactive.length === 0) continue
      tail.push(`workqueue ${wq.name}: flags=0x${wq.flags.toString(16)}`)
      tail.push(
        `  pwq ${pwq.pool.id}: ${poolText(machine, pwq.pool)} active=${pwq.active} refcnt=1`,
      )
      const flying = pwq.pool.workers.filter((w) => w.current?.pwq === pwq)
      if (flying.length > 0) {
        const texts = flying.map((w) => {
          const seconds = Math.floor((machine.nowNs - w.startedNs) / SEC)
          return `${w.task?.pid ?? 0}:${symbolOf(machine, w.currentFunc, false)} for ${seconds}s`
        })
        tail.push(`    in-flight: ${texts.join(', ')}`)
      }
      const pending = pwq.pool.worklist.filter((i) => i.pwq === pwq)
      if (pending.length > 0) tail.push(`    pending: ${pending.map(name).join(', ')}`)
      if (pwq.inactive.length > 0) tail.push(`    inactive: ${pwq.inactive.map(name).join(', ')}`)
    }
  const seconds = Math.floor(forNs / SEC)
  tail.push(
    `pool ${pool.id}: ${poolText(machine, pool)} hung=${seconds}s workers=${pool.workers.length}`,
  )
  report(machine, {
    kind: 'workqueue.lockup',
    title: `BUG: workqueue lockup - pool ${poolText(machine, pool)} stuck for ${seconds}s!`,
    tail,
    rules: ['WQ-34'],
    help: 'lockups',
  })
}
