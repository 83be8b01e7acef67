import { compareLabs, type CompareControl } from '../../../src-sim/lab/compare/compare'
import type { CompareOptions, CompareResult, LabSource } from '../../../src-sim/protocol'
import { compile, sandbox } from './lab-kit'

/** The comparison as the kernel worker makes it, on a clock that stands still. */
export function compare(
  labs: LabSource[],
  options: CompareOptions = {},
  control: Partial<CompareControl> = {},
): Promise<CompareResult> {
  return compareLabs(labs.map(compile), sandbox(), options, {
    now: () => 0,
    cancelled: () => false,
    pause: async () => {},
    progress: () => {},
    ...control,
  })
}

interface Parts {
  driver?: string
  /** Statements by disturbance. */
  steps?: Record<string, string>
  imports?: string
  failing?: string[]
}

const DRIVER = `
import { module_exit, module_init } from 'linux/module'
module_init(() => 0)
module_exit(() => {})
`

/** A lab that does something else for each disturbance. */
export function disturbedLab(id: string, parts: Parts = {}): LabSource {
  const { driver = DRIVER, steps = {}, imports = '', failing = [] } = parts
  const names = ['none', ...Object.keys(steps)]
  const values = Object.fromEntries(names.map((name) => [name, `what ${name} means`]))
  const cases = Object.entries(steps).map(([name, code]) => `case '${name}': { ${code}; break }`)
  return {
    id,
    files: {
      'lab.json': JSON.stringify({
        title: `the lab ${id}`,
        params: { disturbance: { default: 'none', values, failing } },
      }),
      'driver.ts': driver,
      'scenario.ts': `
        import { insmod, msleep, param, rmmod, spawn, wait } from 'klab/scenario'
        ${imports}
        export default function () {
          insmod('driver')
          switch (param('disturbance')) { ${cases.join('\n')} }
          rmmod('driver')
        }`,
    },
  }
}
