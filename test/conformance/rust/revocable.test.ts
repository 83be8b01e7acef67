import { describe, expect, it } from 'vitest'
import { kinds, runRust, said } from './rust-lab'

const THREADS = `
import { kthread_run } from 'linux/kthread'
import { ktime_get_ns } from 'linux/ktime'
import { udelay } from 'linux/delay'
`

/** A module that owns a `Revocable` and runs `body` when it is loaded. */
const withRevocable = (body: string, more = ''): string => `
import { module } from 'rust/module'
${THREADS}
${more}
const data = Arc.new(Revocable.new(new Noisy('inner')), GFP_KERNEL)
class M {
  static init() { const r = data.value; ${body}; return new M() }
  drop() { msleep(100); drop(data) }
}
module({ type: M })
`

describe('Revocable', () => {
  it('gives guards until it is revoked, then null (R-02)', () => {
    const run = runRust(withRevocable(`
      { using g = r.try_access(); pr_info('say ' + g!.value.name + '\\n') }
      pr_info('say ' + r.try_access_with((n) => n.name) + '\\n')
      r.revoke()
      pr_info('say ' + r.try_access() + ' ' + r.try_access_with((n) => n.name) + '\\n')
    `))
    expect(said(run)).toEqual(['say inner', 'say inner', 'drop inner', 'say null null'])
    expect(kinds(run)).toEqual([])
  })

  it('works inside a section that the caller has opened (R-02)', () => {
    const run = runRust(withRevocable(`
      using section = rcu.read_lock()
      pr_info('say ' + r.try_access_with_guard(section)!.name + '\\n')
    `))
    expect(said(run)).toEqual(['say inner', 'drop inner'])
    expect(kinds(run)).toEqual([])
  })

  it('forbids sleeping while a guard lives, at run time only (R-02)', () => {
    const run = runRust(withRevocable(`
      using g = r.try_access()
      drop(KBox.new(1, GFP_KERNEL))
      msleep(1)
    `))
    expect(kinds(run)).toEqual(['sleep.in-atomic', 'warn.rcu-context-switch'])
    const log = run.dmesg.join('\n')
    expect(log).toContain('BUG: sleeping function called from invalid context')
    expect(log).toContain('Voluntary context switch within RCU read-side critical section!')
  })

  it('waits in revoke for the guards that are there, then drops (R-03)', () => {
    const run = runRust(withRevocable(`
      kthread_run(() => {
        const g = r.try_access()
        udelay(2000)
        pr_info('say reader done\\n')
        drop(g)
        return 0
      }, null, 'reader')
      udelay(500)
      pr_info('say ' + r.revoke() + '\\n')
    `))
    expect(said(run)).toEqual(['say reader done', 'drop inner', 'say true'])
    expect(kinds(run)).toEqual([])
  })

  it('answers false at once to everybody but the first, who still waits (R-03)', () => {
    const run = runRust(withRevocable(`
      kthread_run(() => { const g = r.try_access(); udelay(3000); drop(g); return 0 }, null, 'reader')
      udelay(500)
      kthread_run(() => { pr_info('say first ' + r.revoke() + '\\n'); return 0 }, null, 'first')
      msleep(1)
      pr_info('say second ' + r.revoke() + '\\n')
    `))
    expect(said(run)).toEqual(['say second false', 'drop inner', 'say first true'])
  })

  it('skips the grace period in revoke_nosync: a guard may still be there (R-03)', () => {
    const run = runRust(withRevocable(`
      const g = r.try_access()
      pr_info('say ' + r.revoke_nosync() + '\\n')
      pr_info('say still ' + g!.value.name + '\\n')
      drop(g)
    `))
    expect(said(run)).toEqual(['drop inner', 'say true', 'say still inner'])
  })

  it('drops its value with itself only when it was not revoked (R-03)', () => {
    const run = runRust(withRevocable(`
      drop(Revocable.new(new Noisy('kept')))
      const gone = Revocable.new(new Noisy('revoked')); gone.revoke(); drop(gone)
    `))
    expect(said(run).slice(0, 2)).toEqual(['drop kept', 'drop revoked'])
    expect(said(run).filter((line) => line === 'drop revoked')).toHaveLength(1)
  })

  it('protects no invariant between two accesses: each may fail for itself (R-04)', () => {
    const run = runRust(withRevocable(`
      kthread_run(() => {
        const first = r.try_access_with((n) => n.name)
        msleep(30)
        const second = r.try_access_with((n) => n.name)
        pr_info('say ' + first + ' then ' + second + '\\n')
        return 0
      }, null, 'user')
      msleep(1)
      r.revoke()
    `))
    expect(said(run)).toEqual(['drop inner', 'say inner then null'])
    expect(kinds(run)).toEqual([])
  })
})
