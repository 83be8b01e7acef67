import { describe, expect, it } from 'vitest'
import { compileFile, isCompiled } from '../../../src-sim/compiler'
import { runLab, labOf } from '../lab/lab-kit'

const errorsOf = (text: string): string[] => {
  const result = compileFile({ path: 'driver.ts', text, index: 1, kind: 'driver' })
  return isCompiled(result) ? [] : result.errors.map((e) => `${e.line}: ${e.message}`)
}

/** What a function that ends with `using` variables prints. */
function prints(body: string, more = ''): string[] {
  const run = runLab(labOf(`
    import { ScopeGuard } from 'rust/types'
    import { msleep } from 'linux/delay'
    import { pr_info } from 'linux/printk'
    import { module_init, module_exit } from 'linux/module'
    const say = (text: unknown) => pr_info('> ' + text + '\\n')
    const guard = (name: string) => ScopeGuard.new(() => { say(name) })
    ${more}
    function body() { ${body} }
    module_init(() => { say(body()); return 0 })
    module_exit(() => {})
  `))
  expect(run.findings).toEqual([])
  return run.dmesg.filter((line) => line.includes('> ')).map((line) => line.replace(/.*> /, ''))
}

describe('using', () => {
  it('drops after the value that is returned has been computed', () => {
    expect(prints("using a = guard('a'); return (say('value'), 1)")).toEqual(['value', 'a', '1'])
  })

  it('drops on break, continue and in each turn of a loop', () => {
    expect(prints(`
      for (let i = 0; i < 4; i++) {
        using a = guard('a' + i)
        if (i === 1) continue
        if (i === 2) break
        say('turn ' + i)
      }
      return 'end'
    `)).toEqual(['turn 0', 'a0', 'a1', 'a2', 'end'])
  })

  it('drops in a case of a switch and in nested functions', () => {
    expect(prints(`
      switch (1 as number) {
        case 1: { using a = guard('case'); say('in'); break }
        default: say('never')
      }
      const inner = () => { using b = guard('arrow'); msleep(1); return 'value' }
      say(inner())
      class C { m() { using c = guard('method'); return 'm' } }
      return new C().m()
    `)).toEqual(['in', 'case', 'arrow', 'value', 'method', 'm'])
  })

  it('takes several at once, and null', () => {
    expect(prints("using a = guard('a'), none = null, b = guard('b'); return 'end'")).toEqual(['b', 'a', 'end'])
  })

  it('sees functions that are declared below it', () => {
    expect(prints("using a = guard(later()); return 'end'; function later() { return 'later' }"))
      .toEqual(['later', 'end'])
  })

  it('does not drop what the constructor threw before', () => {
    expect(prints(`
      try { using a = guard('a'); using b = thrower(); using c = guard('c') } catch (e) { say(e) }
      return 'end'
    `, "function thrower(): null { throw 'oh' }")).toEqual(['a', 'oh', 'end'])
  })

  it('drops nothing when the task dies: an oops does not unwind', () => {
    const run = runLab(labOf(`
      import { ScopeGuard } from 'rust/types'
      import { pr_info } from 'linux/printk'
      import { kthread_run } from 'linux/kthread'
      import { module_init } from 'linux/module'
      function dies(nothing: any) {
        using a = ScopeGuard.new(() => { pr_info('dropped\\n') })
        return nothing.field
      }
      module_init(() => { kthread_run(() => { dies(null); return 0 }, null, 'dies'); return 0 })
    `))
    expect(run.findings.map((f) => f.kind)).toEqual(['oops.null-deref'])
    expect(run.dmesg.join('\n')).not.toContain('dropped')
  })

  it('is refused where nothing would be dropped', () => {
    expect(errorsOf('using a = null')).toEqual([
      '1: using is for variables inside functions: what a module holds is dropped by its exit.'])
    expect(errorsOf('export function f(l: any) { for (using a of l) {} }')).toEqual([
      '1: Write for (const ... of ...) and put the using declaration inside the loop.'])
  })

  it('is still a name where it is no declaration', () => {
    expect(prints('let using = 1; using = using + 1; return using')).toEqual(['2'])
  })
})
