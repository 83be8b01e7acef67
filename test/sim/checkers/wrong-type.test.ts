import { describe, expect, it } from 'vitest'
import { labOf, runLab } from '../lab/lab-kit'

/** Reports of an init function of these statements. */
function reportsOf(statements: string): string[] {
  const lab = labOf(`
import { module_init } from 'linux/module'
import { miscdevice } from 'linux/miscdevice'
import { container_of } from 'linux/container_of'
import { pr_info } from 'linux/printk'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { work_struct } from 'linux/workqueue'
class inner { depth = 1 }
class still { speed = 1 }
const still_life = new still()
class outer { name = 'outer'; size = 4; lid = new inner(); misc = new miscdevice(); unset!: number }
function init() {
  const o = kzalloc(outer, GFP_KERNEL)!
  ${statements}
  kfree(o)
  return 0
}
module_init(init)
`)
  return runLab(lab, {}).findings.flatMap((f) => [f.kind, ...f.report.slice(1, 3)])
}

describe('a pointer of the wrong type', () => {
  it('is reported with what is there and what was meant', () => {
    expect(reportsOf(`pr_info('%d\\n', (o.misc as unknown as outer).size)`)).toEqual([
      'type.confusion',
      "Read of member 'size', but what is there is a struct miscdevice, the member 'misc' of a struct outer.",
      'A struct outer has such a member.',
    ])
  })

  it('is seen when it counts up, and when it is a buffer', () => {
    expect(reportsOf('const l = o.lid as unknown as outer; l.size++')[0]).toBe('type.confusion')
    const text = reportsOf(`const b = kzalloc(8, GFP_KERNEL)!
      pr_info('%d\\n', (b as unknown as outer).size); kfree(b)`)
    expect(text[1]).toContain('a buffer of 8 bytes')
  })

  it('is seen when what was meant is data of the module', () => {
    const text = reportsOf(`still_life.speed++
      pr_info('%d\\n', (o.misc as unknown as still).speed)`)
    expect(text[2]).toBe('A struct still has such a member.')
  })

  it.each([
    ['the right one', `pr_info('%d\\n', container_of(o.misc, outer, 'misc').size)`],
    ['a member that was never set', 'if (o.unset) o.size = 0'],
    ['a member that the structure inherits', `pr_info('%d\\n', o.misc.hasOwnProperty('name') ? 1 : 0)`],
    ['a member that nobody has', 'if ((o.misc as any).not_modelled) o.size = 0'],
    ['an object that is no structure', 'const ops: { size?: number } = {}; if (ops.size) o.size = 0'],
  ])('is not %s', (_, statements) => {
    expect(reportsOf(statements)).toEqual([])
  })
})
