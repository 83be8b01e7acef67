import { describe, expect, it } from 'vitest'
import { scheduleRunner } from '../../src-sim/lab/explore'
import { makeStrategy } from '../../src-sim/engine/strategies'
import { seedOf } from '../../src-sim/explorer/explore'
import { builtinIds, compile, readBuiltin, runLab, sandbox } from '../sim/lab/lab-kit'

/** What a plain run of each broken lab must report first, and where. */
const EXPECTED: Record<string, { kind: string; at: string }> = {
  'bug-01': { kind: 'kasan.use-after-free', at: 'priv.resets++' },
  'bug-02': { kind: 'odebug.free-active', at: 'kfree(dev)' },
  'bug-03': { kind: 'kasan.use-after-free', at: 'EDU_FACTORIAL' },
  'bug-04': { kind: 'kasan.use-after-free', at: 'writel(wdt.ticks' },
  'bug-05': { kind: 'kasan.use-after-free', at: 'kthread_queue_work' },
  'bug-06': { kind: 'oops.null-deref', at: 'priv.rtc_base' },
  'bug-07': { kind: 'kasan.use-after-free', at: 'core.changes++' },
  'bug-08': { kind: 'oops.null-deref', at: 'while (udc.sr_bds!' },
  'bug-09': { kind: 'oops.null-deref', at: 'chan.addr_width = addr_width' },
  'bug-10': { kind: 'kasan.use-after-free', at: 'state.plugged++' },
  'bug-11': { kind: 'kasan.double-free', at: 'kfree(padev)' },
  'bug-12': { kind: 'kasan.use-after-free', at: '' },
  'bug-13': { kind: 'mmio.fault', at: 'writel(0, stdev.mmio' },
  'bug-14': { kind: 'kasan.use-after-free', at: 'spin_lock(fl.lock)' },
  'bug-15': { kind: 'type.confusion', at: 'return wblock.req_buf_size' },
  'bug-16': { kind: 'text.execute-after-unload', at: 'nsm_ioctl' },
  'bug-17': { kind: 'text.execute-after-unload', at: 'tipc_disc_free_rcu' },
  'bug-18': { kind: 'kasan.use-after-free', at: 'kthread_stop' },
  'bug-19': { kind: 'dma.read-after-free', at: 'dma_unmap_single' },
  'bug-20': { kind: 'dma.write-after-free', at: 'dma_unmap_page' },
  'bug-21': { kind: 'dma-debug.leak-at-unbind', at: '' },
  'bug-22': { kind: 'dma.wrong-direction', at: 'dma_map_single' },
  'bug-23': { kind: 'warn.usb-not-dma-capable', at: 'usb_bulk_msg' },
  'bug-24': { kind: 'warn.dma-no-mask', at: 'dma_map_single(ndev.dev' },
  'bug-25': { kind: 'dma.write-after-free', at: 'dma_free_coherent' },
  'bug-26': { kind: 'dma.write-after-free', at: 'dma_unmap_single' },
  'bug-27': { kind: 'warn.iommu-attach-failed', at: 'iommu_detach_group' },
  'bug-29': { kind: 'kasan.use-after-free', at: 'munmap(memory' },
  'bug-30': { kind: 'hmm.stale-page', at: 'hmm_pfn_to_page' },
  'bug-31': { kind: 'warn.file-put', at: 'close(FIRST_FREE)' },
  'bug-32': { kind: 'oops.null-deref', at: 'bo.resource!.stale' },
  'bug-33': { kind: 'kasan.use-after-free', at: 'SYNC_IOC_FILE_INFO' },
  'bug-34': { kind: 'mmio.fault', at: 'q.timestamp = readl' },
  'bug-35': { kind: 'kasan.use-after-free', at: 'entry.ucontext.doorbells--' },
  'bug-36': { kind: 'kasan.use-after-free', at: 'dev.carrier' },
  'bug-37': { kind: 'hard-lockup', at: '' },
  'bug-38': { kind: 'oops.bug', at: 'BUG_ON(bus.state' },
  'bug-39': { kind: 'leak.memory', at: 'of_platform_device_create' },
  'bug-40': { kind: 'hung-task', at: '' },
  'bug-41': { kind: 'deadlock', at: '' },
  'bug-42': { kind: 'sleep.in-atomic', at: 'dma_free_coherent' },
  'bug-43': { kind: 'lockdep.recursive', at: 'wake_up_all(rdev.fence_queue)' },
  'bug-44': { kind: 'kasan.use-after-free', at: 'priv.idle_checks' },
}
const SCHEDULES = 60
const RACE_SCHEDULES = 10
const bugs = [...new Set(builtinIds().map((id) => /^bug-\d+/.exec(id)?.[0] ?? ''))].filter(Boolean)

describe('every bug of the corpus that is re-created', () => {
  it('has a broken and a fixed lab and an expectation', () => {
    expect(bugs.filter((bug) => !EXPECTED[bug])).toEqual([])
    for (const bug of bugs)
      expect(builtinIds()).toEqual(expect.arrayContaining([`${bug}-broken`, `${bug}-fixed`]))
  })

  it.each(bugs)('%s: a plain run of the broken form reports it at the line', (bug) => {
    const lab = readBuiltin(`${bug}-broken`)
    const result = runLab(lab)
    const { kind, at } = EXPECTED[bug]!
    const finding = result.findings.find((f) => f.kind === kind)
    expect(result.findings.map((f) => f.kind)).toContain(kind)
    if (at !== '') {
      const line = lab.files[finding!.file!]!.split('\n')[finding!.line - 1]
      expect(line).toContain(at)
    }
  })

  it.each(bugs)('%s: random schedules of the broken form find it too', (bug) => {
    const run = scheduleRunner(compile(readBuiltin(`${bug}-broken`)), sandbox(), {})
    const kinds = new Set<string>()
    for (let i = 0; i < SCHEDULES && !kinds.has(EXPECTED[bug]!.kind); i++) {
      const strategy = makeStrategy('random', { seed: seedOf(7, i), preemptions: 2, choices: [] })
      for (const { kind } of run(strategy, false).findings) kinds.add(kind)
    }
    expect([...kinds]).toContain(EXPECTED[bug]!.kind)
  })

  it.each(bugs)('%s: the fixed form is silent in a plain run', (bug) => {
    const result = runLab(readBuiltin(`${bug}-fixed`))
    expect(result.findings.map((f) => f.report.join('\n'))).toEqual([])
    expect(result.result).toBe('finished')
  })

  it.each(bugs)('%s: the fixed form has no data race', (bug) => {
    const lab = readBuiltin(`${bug}-fixed`)
    const run = scheduleRunner(compile(lab), sandbox(), { kcsan: true })
    const reports = runLab(lab, { kcsan: true }).findings.map((f) => f.report.join('\n'))
    for (let i = 0; i < RACE_SCHEDULES; i++) {
      const strategy = makeStrategy('random', { seed: seedOf(3, i), preemptions: 2, choices: [] })
      reports.push(...run(strategy, false).findings.map((f) => f.report.join('\n')))
    }
    expect(reports).toEqual([])
  })

  it.each(bugs)(`%s: the fixed form is silent in ${SCHEDULES} random and pct schedules`, (bug) => {
    const run = scheduleRunner(compile(readBuiltin(`${bug}-fixed`)), sandbox(), {})
    for (const name of ['random', 'pct'])
      for (let i = 0; i < SCHEDULES; i++) {
        const strategy = makeStrategy(name, { seed: seedOf(7, i), preemptions: 2, choices: [] })
        const { findings, stop } = run(strategy, false)
        expect({ name, i, stop, reports: findings.map((f) => f.report.join('\n')) }).toEqual({
          name,
          i,
          stop: 'finished',
          reports: [],
        })
      }
  })
})
