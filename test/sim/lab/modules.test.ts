import { describe, expect, it } from 'vitest'
import type { LabSource } from '../../../src-sim/protocol'
import { runLab } from './lab-kit'

const core = `
import { EXPORT_SYMBOL_GPL, module_exit, module_init } from 'linux/module'
import { pr_info } from 'linux/printk'
let users = 0
export class core_client { id = 0 }
export function core_register(client: core_client) {
  client.id = ++users
  pr_info('core: %d\\n', client.id)
  return 0
}
export function core_secret() { return users }
EXPORT_SYMBOL_GPL(core_register)
module_init(() => 0)
module_exit(() => {})
`
const driver = (names: string, body: string): string => `
import { ${names} } from './core'
import { module_exit, module_init } from 'linux/module'
module_init(() => { ${body}; return 0 })
module_exit(() => {})
`
const register = driver('core_register, core_client', 'core_register(new core_client())')

function lab(scenario: string, files: Record<string, string>): LabSource {
  const names = Object.keys(files)
  return {
    id: 'test',
    files: {
      'lab.json': JSON.stringify({
        title: 'test',
        modules: names.map((name) => ({ name, entry: `${name}.ts` })),
      }),
      'scenario.ts': `
import { insmod, rmmod } from 'klab/scenario'
import { pr_info } from 'linux/printk'
export default function () { ${scenario} }
`,
      ...Object.fromEntries(names.map((name) => [`${name}.ts`, files[name]!])),
    },
  }
}

const logOf = (source: LabSource): string[] =>
  runLab(source).dmesg.map((line) => line.replace(/^\[.*?\] /, ''))

describe('modules that use each other', () => {
  it('share the state of the one that exports', () => {
    const scenario = `insmod('core'); insmod('a'); insmod('b')`
    expect(logOf(lab(scenario, { core, a: register, b: register }))).toEqual(['core: 1', 'core: 2'])
  })

  it('DM-63: pin it once for all symbols, and let go of it when they are unloaded', () => {
    const scenario = `
      insmod('core'); insmod('a')
      pr_info('in use %d\\n', rmmod('core'))
      rmmod('a')
      pr_info('free %d\\n', rmmod('core'))`
    const log = logOf(lab(scenario, { core, a: register }))
    expect(log).toEqual([
      'core: 1', 'rmmod: ERROR: Module core is in use by: a', 'in use -11', 'free 0',
    ])
  })

  it('cannot be loaded before the one they need, nor use what is not exported', () => {
    const scenario = `
      pr_info('early %d\\n', insmod('a'))
      insmod('core')
      pr_info('late %d\\n', insmod('a'))
      pr_info('secret %d\\n', insmod('b'))`
    const b = driver('core_secret', 'core_secret()')
    expect(logOf(lab(scenario, { core, a: register, b }))).toEqual([
      'a: Unknown symbol core_register (err -2)',
      'early -2',
      'core: 1',
      'late 0',
      'b: Unknown symbol core_secret (err -2)',
      'secret -2',
    ])
  })

  it('meet a fresh one when it was loaded again', () => {
    const scenario = `
      insmod('core'); insmod('a'); rmmod('a'); rmmod('core')
      insmod('core'); insmod('a')`
    expect(logOf(lab(scenario, { core, a: register }))).toEqual(['core: 1', 'core: 1'])
  })
})
