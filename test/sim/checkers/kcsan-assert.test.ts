import { expect, test } from 'vitest'
import { attachKcsan } from '../../../src-sim/checkers/kcsan'
import { machine } from '../../../src-sim/engine/current'
import type { Sim } from '../../../src-sim/engine/suspend'
import { memoryAccess } from '../../../src-sim/kernel/mm/watch'
import { WRITE_ONCE } from '../../../src-sim/linux/compiler'
import { msleep } from '../../../src-sim/linux/delay'
import * as check from '../../../src-sim/linux/kcsan-checks'
import { kthread_create } from '../../../src-sim/linux/kthread'
import { wake_up_process } from '../../../src-sim/linux/sched'
import { boot, dmesg, kcall, kinds, sim } from '../harness'

class dev {
  x = 0
}

/** Both bodies run in tasks that nothing orders. */
function both(one: (d: dev) => Sim<unknown>, two: (d: dev) => Sim<unknown>) {
  const mach = boot(function* () {
    const d = new dev()
    const other = function* (): Sim<number> {
      yield* two(d)
      return 0
    }
    wake_up_process(kthread_create(other as never, null, 't'))
    yield* one(d)
    yield* sim(msleep(10))
  })
  mach.inside(() => attachKcsan(mach, {}))
  mach.run()
  return mach
}
const plain = (d: dev, write: boolean): void =>
  void memoryAccess(machine()).access(d, 'x', write)

function* writer(d: dev): Sim {
  yield* kcall(check.ASSERT_EXCLUSIVE_WRITER<dev>, d, 'x')
}
function* access(d: dev): Sim {
  yield* kcall(check.ASSERT_EXCLUSIVE_ACCESS<dev>, d, 'x')
}
function* marked(d: dev): Sim {
  yield* kcall(WRITE_ONCE<dev, 'x'>, d, 'x', 1)
}
function* reads(d: dev): Sim {
  yield* sim(msleep(1))
  plain(d, false)
}

test('an exclusive writer is broken by a marked write of another task, and not by a read', () => {
  for (const pair of [[writer, marked], [marked, writer]] as const) {
    const mach = both(pair[0], pair[1])
    expect(kinds(mach)).toEqual(['race.data'])
    const text = dmesg(mach).join('\n')
    expect(text).toContain('BUG: KCSAN: assert: race in ')
    expect(text).toContain('assert no writes to 0x')
  }
  expect(kinds(both(writer, reads))).toEqual([])
  expect(kinds(both(writer, writer))).toEqual([])
})

test('an exclusive access is broken by any access, and by another such assertion', () => {
  for (const other of [reads, marked, access, writer]) {
    const mach = both(access, other)
    expect(kinds(mach)).toEqual(['race.data'])
    expect(dmesg(mach).join('\n')).toContain('assert no accesses to 0x')
  }
})
