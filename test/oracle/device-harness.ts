import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { attachKasan } from '../../src-sim/checkers/kasan'
import { machine } from '../../src-sim/engine/current'
import { Machine } from '../../src-sim/engine/machine'
import { TaskDeath } from '../../src-sim/engine/exec'
import { call, type Sim } from '../../src-sim/engine/suspend'
import { loadModule, modules } from '../../src-sim/kernel/base/module'
import { spawnProcess } from '../../src-sim/kernel/fs/process'
import { vsprintf } from '../../src-sim/kernel/printk/format'
import { kernelLog } from '../../src-sim/kernel/printk/log'
import { installTrouble } from '../../src-sim/kernel/sched/trouble'
import { module_exit, module_init } from '../../src-sim/linux/module'
import * as libc from '../../src-sim/linux/user/libc'
import { sim } from '../sim/harness'

export type Klab = (step: string, format?: string, ...args: unknown[]) => void

export const golden = (id: string): string[] =>
  readFileSync(resolve(import.meta.dirname, `golden/${id}.txt`), 'utf8')
    .trimEnd()
    .split('\n')

/** What can be compared of a report line: not the line number, address or module. */
const comparable = (line: string): string =>
  line
    .replace(/, CPU#\d+: .*/, '')
    .replace(/(\.[ch]):\d+ at/, '$1 at')
    .replace(/\([0-9a-f]{16}\)/, '(ADDR)')
    .replace(/'irq\/\d+'/, "'irq/N'")
    .replace(/ \[\w+\]$/, '')
    .replace(/(devres\.h at) .*$/, '$1 CALLER')

const REPORT =
  /^(BUG: |WARNING: |refcount_t|kobject: |sysfs: |Error: Driver|pcieport |remove_proc_entry|\S+ \S+: (probe with driver .* failed|enabling device|Resources present))/

function linesOf(m: Machine): string[] {
  const lines: string[] = []
  for (const { text } of kernelLog(m).lines) {
    if (/^(KLAB|MONITOR) /.test(text)) lines.push(text)
    else if (REPORT.test(text)) lines.push(comparable(`REPORT ${text}`))
  }
  return lines
}

export interface ModuleProbe {
  /** What the module's init does, between begin and end. */
  init(klab: Klab): Sim
  exit?(klab: Klab): Sim
  /** What user space does after loading it. */
  user?(klab: Klab): Sim
  /** Builds hardware before anything runs. */
  setUp?(m: Machine): void
  /** Lines that are not compared. */
  without?: RegExp
}

/** Plays a probe as module and user program, and compares with the recorded lines. */
export function moduleProbe(id: string, p: ModuleProbe): void {
  test(`oracle: ${id}`, () => {
    const m = new Machine()
    const klab: Klab = (step, format = '', ...args) => {
      const values = vsprintf(machine(), format, args)
      kernelLog(machine()).print(5, `KLAB ${id} ${step} ${values}`.trimEnd() + '\n')
    }
    m.inside(() => {
      installTrouble(m)
      attachKasan(m)
      p.setUp?.(m)
      modules(m).loader = () => ({ files: [], evaluate: () => evaluate(p, klab) })
      const { task } = spawnProcess(m, 'insmod', () => main(m, id, p, klab))
      m.main = task
    })
    m.run(60e9)
    const wanted = golden(id)
      .map((line) => (line.startsWith('REPORT') ? comparable(line) : line))
      .filter((line) => !p.without?.test(line))
    expect(linesOf(m).filter((line) => !p.without?.test(line))).toEqual(wanted)
    expect(m.stop).toBe('finished')
  })
}

function evaluate(p: ModuleProbe, klab: Klab): void {
  module_init(function* (): Sim<number> {
    klab('begin', 'ctx=init')
    yield* p.init(klab)
    klab('end', 'ctx=init')
    return 0
  } as unknown as () => number)
  if (p.exit) module_exit(() => p.exit!(klab) as unknown as void)
}

function* main(m: Machine, id: string, p: ModuleProbe, klab: Klab): Sim {
  const ret = yield* loadModule(m, id.replaceAll('-', '_'))
  if (ret !== 0) throw new TaskDeath(`insmod: ${ret}`)
  if (p.user) yield* call(() => p.user!(klab))
}

/** As the helper program of the probes writes a file. */
export function* writeFile(klab: Klab, path: string, text: string): Sim {
  const fd = yield* sim(libc.open(path, libc.O_WRONLY))
  const ret = fd < 0 ? -1 : yield* sim(libc.write(fd, text))
  const name = path.split('/').at(-1)
  klab('user', 'write %s value=%s ret=%d errno=%d', name, text, ret, ret < 0 ? libc.errno() : 0)
  if (fd >= 0) yield* sim(libc.close(fd))
}

export const failure = (ret: number): number => (ret < 0 ? libc.errno() : 0)
