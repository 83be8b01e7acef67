import type { Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { mmPut } from '../mm/mm-struct'
import { runTaskWork } from '../sched/task-work'
import { fput } from './file-table'
import { flushFile } from './file'
import { ProcessExec, programMm, type Process } from './process'

/**
 * `execve`: the process goes on as another program. It has its new address space before the old
 * one is let go, and then the descriptors that were marked for it are closed (MM-18).
 */
export function* execProgram(p: Process, name: string, program: () => unknown): Sim<never> {
  const old = p.mmIfUsed
  p.mm = programMm(p)
  if (old !== null) yield* mmPut(old)
  p.name = name
  p.task.comm = name.slice(0, 15)
  yield* closeMarked(p)
  yield* runTaskWork(p.task)
  emit(ev.sched_process_exec, p.task.id, name)
  throw new ProcessExec(program)
}

function* closeMarked(p: Process): Sim {
  const files = p.files!
  for (const fd of [...files.cloexec].sort((a, b) => a - b)) {
    const f = files.open.get(fd)
    files.cloexec.delete(fd)
    if (!f) continue
    files.open.delete(fd)
    emit(ev.fd_close, p, fd, f)
    yield* flushFile(f)
    fput(f)
  }
}
