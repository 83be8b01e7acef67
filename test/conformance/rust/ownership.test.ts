import { describe, expect, it } from 'vitest'
import { kinds, runRust, said } from './rust-lab'

/** A module whose init runs `body` once. */
const once = (body: string, more = ''): string => `
import { module } from 'rust/module'
${more}
class M {
  static init() { ${body}; return new M() }
}
module({ type: M })
`

describe('using', () => {
  it('drops locals in reverse order at the end of their block', () => {
    const run = runRust(once(`
      using a = ScopeGuard.new(() => { pr_info('drop a\\n') })
      { using inner = ScopeGuard.new(() => { pr_info('drop inner\\n') }); pr_info('say in block\\n') }
      using b = ScopeGuard.new(() => { pr_info('drop b\\n') })
      pr_info('say end\\n')
    `))
    expect(kinds(run)).toEqual([])
    expect(said(run)).toEqual(['say in block', 'drop inner', 'say end', 'drop b', 'drop a'])
  })

  it('drops when an error leaves the block, and not what was moved out of it', () => {
    const run = runRust(once(`
      try { half() } catch (e) { pr_info('say ' + e + '\\n') }
    `, `
    function half() {
      using kept = ScopeGuard.new(() => { pr_info('drop kept\\n') })
      using given = ScopeGuard.new(() => { pr_info('drop given\\n') })
      forget(move(given))
      throw code.EBUSY
    }`))
    expect(said(run)).toEqual(['drop kept', 'say EBUSY'])
    expect(kinds(run)).toEqual([])
  })

  it('lets a drop sleep', () => {
    const run = runRust(once(`
      using a = ScopeGuard.new(() => { msleep(5); pr_info('drop late\\n') })
    `))
    expect(said(run)).toEqual(['drop late'])
    expect(kinds(run)).toEqual([])
  })
})

describe('drop', () => {
  it('calls the own drop first, then drops the fields in the order of their declaration', () => {
    const run = runRust(once(`
      drop(new Outer())
    `, `
    class Outer {
      list = [new Noisy('list 0'), new Noisy('list 1')]
      first = new Noisy('first')
      second = new Noisy('second')
      drop() { pr_info('drop outer\\n') }
    }`))
    expect(said(run)).toEqual(
      ['drop outer', 'drop list 0', 'drop list 1', 'drop first', 'drop second'])
  })

  it('happens once', () => {
    const run = runRust(once(`const n = new Noisy('n'); drop(n); drop(n)`))
    expect(said(run)).toEqual(['drop n'])
  })

  it('does not happen to what was forgotten or dismissed', () => {
    const run = runRust(once(`
      const n = new Noisy('n'); forget(n); drop(n)
      const g = ScopeGuard.new(() => { pr_info('drop guard\\n') }); g.dismiss(); drop(g)
    `))
    expect(said(run)).toEqual([])
  })
})

describe('Arc', () => {
  it('drops its value with the last handle', () => {
    const run = runRust(once(`
      const a = Arc.new(new Noisy('shared'), GFP_KERNEL)
      const b = a.clone()
      drop(a); pr_info('say one left\\n'); drop(b)
    `))
    expect(said(run)).toEqual(['say one left', 'drop shared'])
    expect(kinds(run)).toEqual([])
  })

  it('whose handle is forgotten is a leak when the module is gone', () => {
    const run = runRust(once(`
      const a = Arc.new(new Noisy('shared'), GFP_KERNEL)
      forget(a.clone()); drop(a)
    `))
    expect(said(run)).toEqual([])
    expect(kinds(run)).toEqual(['leak.memory'])
  })

  it('that was dropped or moved must not be used', () => {
    const run = runRust(once(`
      const a = Arc.new(new Noisy('shared'), GFP_KERNEL)
      const b = a.clone()
      drop(a)
      a.value
      const c = move(b)
      b.clone()
      drop(c)
    `))
    expect(kinds(run)).toContain('rust.use-after-drop')
    expect(kinds(run)).toContain('rust.use-after-move')
    expect(run.findings[0]!.title).toBe('rust: borrow of dropped value: `Arc<Noisy>`')
  })

  it('does not protect pointers that were copied out of it (R-04)', () => {
    const run = runRust(once(`
      const a = Arc.new(new Noisy('shared'), GFP_KERNEL)
      const raw = a.value
      drop(a)
      pr_info('say ' + raw.name + '\\n')
    `))
    expect(kinds(run)).toEqual(['kasan.use-after-free'])
  })

  it('fails with ENOMEM and drops the value then', () => {
    const run = runRust(once(`
      fail_next('kmalloc')
      try { Arc.new(new Noisy('shared'), GFP_KERNEL) } catch (e) { pr_info('say ' + e + '\\n') }
    `, "import { fail_next } from 'klab/scenario'"))
    expect(said(run)).toEqual(['drop shared', 'say ENOMEM'])
  })
})

describe('KBox', () => {
  it('owns one value', () => {
    const run = runRust(once(`
      using b = KBox.new(new Noisy('boxed'), GFP_KERNEL)
      pr_info('say ' + b.value.name + '\\n')
    `))
    expect(said(run)).toEqual(['say boxed', 'drop boxed'])
    expect(kinds(run)).toEqual([])
  })
})

describe('Mutex and SpinLock', () => {
  it('hold the lock for as long as the guard lives', () => {
    const run = runRust(once(`
      const m = new_mutex(1, 'm')
      { using g = m.lock(); g.value = 2; pr_info('say ' + (m.try_lock() === null) + '\\n') }
      { using g = m.try_lock(); pr_info('say ' + g!.value + '\\n') }
      const s = new_spinlock([3], 's')
      { using g = s.lock(); pr_info('say ' + g.value[0] + '\\n') }
    `, `import { new_mutex, new_spinlock } from 'rust/sync'`))
    expect(said(run)).toEqual(['say true', 'say 2', 'say 3'])
    expect(kinds(run)).toEqual([])
  })

  it('forbid sleeping under a spinlock guard', () => {
    const run = runRust(once(`
      const s = new_spinlock(1, 's')
      using g = s.lock()
      drop(KBox.new(1, GFP_KERNEL))
    `, `import { new_spinlock } from 'rust/sync'`))
    expect(kinds(run)).toContain('sleep.in-atomic')
  })
})

describe('Completion', () => {
  it('lets everybody go who waits, now and later', () => {
    const run = runRust(once(`
      const done = new_completion()
      kthread_run(() => { msleep(10); pr_info('say work\\n'); done.complete_all(); return 0 }, null, 'w')
      done.wait_for_completion()
      done.wait_for_completion()
      pr_info('say done\\n')
    `, "import { new_completion } from 'rust/sync'\nimport { kthread_run } from 'linux/kthread'"))
    expect(said(run)).toEqual(['say work', 'say done'])
    expect(kinds(run)).toEqual([])
  })
})
