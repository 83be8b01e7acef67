import { currentTask, machine } from '../../engine/current'
import type { Task } from '../../engine/exec'
import { service } from '../../engine/service'
import { processes } from '../fs/process'
import type { mm_struct } from './mm-struct'
import { vm_area_struct, VM } from './vma'
import { announce, insertVma } from './vma-list'

/** Address spaces that kernel threads use for a while (`kthread_use_mm`). */
const borrowed = service(() => new Map<Task, mm_struct>())

/** `task->mm`: null for a kernel thread, and for a process that has begun to exit. */
export function mmOfTask(task: Task): mm_struct | null {
  const m = machine()
  if (task.kernelThread) return borrowed(m).get(task) ?? null
  return processes(m).of(task).mm
}

export function currentMm(): mm_struct | null {
  const task = currentTask()
  return task === null ? null : mmOfTask(task)
}

export function useMm(mm: mm_struct): void {
  const task = currentTask()
  if (task) borrowed(machine()).set(task, mm)
}

export function unuseMm(): void {
  const task = currentTask()
  if (task) borrowed(machine()).delete(task)
}

const TEXT_START = 0x400000
const TEXT_BYTES = 0x1000

/** Every program has at least its own text mapped: no address space is ever without a mapping. */
export function mapText(mm: mm_struct): void {
  const text = new vm_area_struct()
  text.vm_start = TEXT_START
  text.vm_end = TEXT_START + TEXT_BYTES
  text.vm_flags = VM.READ | VM.EXEC | VM.MAYREAD | VM.MAYWRITE | VM.MAYEXEC
  text.vm_ops = null
  text.vm_mm = mm
  insertVma(mm, text)
  announce(text)
}
