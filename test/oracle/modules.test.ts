import { expect, test } from 'vitest'
import { machine } from '../../src-sim/engine/current'
import { Machine } from '../../src-sim/engine/machine'
import type { Sim } from '../../src-sim/engine/suspend'
import { modules } from '../../src-sim/kernel/base/module'
import { spawnProcess } from '../../src-sim/kernel/fs/process'
import { vsprintf } from '../../src-sim/kernel/printk/format'
import { kernelLog } from '../../src-sim/kernel/printk/log'
import { miscdevice, misc_deregister, misc_register } from '../../src-sim/linux/miscdevice'
import { module_exit, module_init, module_param, module_refcount } from '../../src-sim/linux/module'
import * as libc from '../../src-sim/linux/user/libc'
import { sim } from '../sim/harness'
import { failure, golden, moduleProbe, type Klab } from './device-harness'

function* deleteModule(klab: Klab, name: string): Sim {
  const ret = yield* sim(libc.delete_module(name))
  klab('user', 'delete_module ret=%d errno=%d', ret, failure(ret))
}

function* initModule(klab: Klab, name: string, parameters = ''): Sim {
  const ret = yield* sim(libc.init_module(name, parameters))
  klab('user', 'init_module ret=%d errno=%d', ret, failure(ret))
}

moduleProbe('mod-no-exit', {
  *init(klab) {
    klab('init', 'refcount=%d', module_refcount(modules(machine()).all[0]!))
  },
  *user(klab) {
    yield* deleteModule(klab, 'mod_no_exit')
    yield* initModule(klab, 'mod_no_exit')
  },
})

test('oracle: mod-init-fail', () => {
  const m = new Machine()
  const klab: Klab = (step, format = '', ...args) =>
    kernelLog(machine()).print(
      5,
      `KLAB mod-init-fail ${step} ${vsprintf(machine(), format, args)}\n`,
    )
  function evaluate(): void {
    const ret = module_param('ret', -5, 0)
    module_init(() => {
      klab('init', 'returning=%d', ret.value)
      return ret.value
    })
    module_exit(() => klab('exit', 'called=1'))
  }
  m.inside(() => {
    modules(m).loader = () => ({ files: [], evaluate })
    m.main = spawnProcess(m, 'klabtool', function* (): Sim {
      yield* initModule(klab, 'mod_init_fail', 'ret=-5')
      yield* deleteModule(klab, 'mod_init_fail')
      yield* initModule(klab, 'mod_init_fail', 'ret=7')
      yield* initModule(klab, 'mod_init_fail', 'ret=0')
      yield* deleteModule(klab, 'mod_init_fail')
    }).task
  })
  m.run()
  const lines = kernelLog(m)
    .lines.map((l) => l.text)
    .filter((l) => l.startsWith('KLAB'))
  expect(lines).toEqual(golden('mod-init-fail'))
})

const ENOTTY = 25
let md: miscdevice

moduleProbe('misc-dereg-open', {
  *init(klab) {
    md = new miscdevice({
      name: 'klabdev',
      fops: {
        owner: modules(machine()).all[0]!,
        open: () => (klab('open', 'called=1'), 0),
        release: () => (klab('release', 'called=1'), 0),
        unlocked_ioctl: function* (_f: unknown, cmd: number): Sim<number> {
          klab('ioctl', 'cmd=%u', cmd)
          if (cmd !== 100) return cmd === 200 ? 42 : -ENOTTY
          yield* sim(misc_deregister(md))
          klab('deregister', 'returned=1')
          return 0
        } as unknown as () => number,
      },
    })
    klab('misc', 'register=%d', yield* sim(misc_register(md)))
  },
  *exit(klab) {
    klab('exit', 'called=1')
  },
  *user(klab) {
    let fd = -1
    const open = function* (): Sim {
      fd = yield* sim(libc.open('/dev/klabdev', libc.O_RDWR))
      klab('user', 'open ok=%d errno=%d', fd >= 0, failure(fd))
    }
    const ioctl = function* (cmd: number): Sim {
      const ret = yield* sim(libc.ioctl(fd, cmd, 0))
      klab('user', 'ioctl cmd=%u ret=%d errno=%d', cmd, ret, failure(ret))
    }
    yield* open()
    yield* ioctl(200)
    yield* ioctl(300)
    const read = yield* sim(libc.read(fd, new Uint8Array(16), 16))
    klab('user', 'read ret=%d errno=%d', read, failure(read))
    yield* ioctl(100)
    yield* ioctl(200)
    yield* deleteModule(klab, 'misc_dereg_open')
    const closed = yield* sim(libc.close(fd))
    klab('user', 'close ret=%d errno=%d', closed, failure(closed))
    yield* open()
    yield* deleteModule(klab, 'misc_dereg_open')
  },
})
