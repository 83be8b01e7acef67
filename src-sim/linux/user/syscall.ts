import type { Sim } from '../../engine/suspend'
import { EBADF, EINTR } from '../../kernel/errno'
import { emit } from '../../kernel/emit'
import { getFile, type file } from '../../kernel/fs/file'
import { fput } from '../../kernel/fs/file-table'
import { currentProcess, leaveIfKilled } from '../../kernel/fs/process'
import { returnToUser } from '../../kernel/sched/initcall'
import { runTaskWork } from '../../kernel/sched/task-work'
import { sys_enter, sys_exit } from '../../trace/events'

/** What all system calls have in common. */

/** On the way out of the kernel: what was put off is done, and a killed process ends here. */
export function* leave(name: string, ret: number): Sim<number> {
  const process = currentProcess()
  yield* runTaskWork(process.task)
  emit(sys_exit, name, ret)
  returnToUser()
  leaveIfKilled()
  if (ret >= 0) return ret
  process.errno = ret <= -512 ? EINTR : -ret
  return -1
}

/** A call about an open file, which stays open meanwhile. */
export function* withFile(
  name: string,
  fd: number,
  arg: number,
  body: (f: file) => Sim<number>,
): Sim<number> {
  const process = currentProcess()
  const f = process.files?.open.get(fd) ?? null
  emit(sys_enter, name, f, fd, arg)
  if (!f) return yield* leave(name, -EBADF)
  getFile(f)
  const ret = yield* body(f)
  fput(f)
  return yield* leave(name, ret)
}

/** A call about nothing that is open. */
export function* enter(name: string, arg: number, body: () => Sim<number>): Sim<number> {
  emit(sys_enter, name, null, -1, arg)
  return yield* leave(name, yield* body())
}
