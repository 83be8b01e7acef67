import { watch } from 'vue'
import { useKernel, useLab, useSession, useSettings } from './stores'

const QUIET_MS = 500

/**
 * Compiles shortly after the last keystroke, so that what the kernel's compiler refuses is marked
 * while it is typed; with the setting on, what compiles is run at once.
 */
export function checkWhileTyping(): void {
  const [lab, kernel, session, settings] = [useLab(), useKernel(), useSession(), useSettings()]
  let timer: ReturnType<typeof setTimeout> | undefined

  async function check(): Promise<void> {
    if (!kernel.ready || !lab.isOpen || !lab.trusted || session.running || session.busy) return
    const revision = lab.revision
    const problems = await kernel.api.check(lab.source())
    if (revision !== lab.revision) return
    lab.setProblems(problems)
    if (settings.values.autoRun && problems.length === 0 && session.stale) await session.restart()
  }

  watch(
    () => lab.revision,
    () => {
      clearTimeout(timer)
      if (!session.stale && lab.problems.length === 0) return
      // A kernel that went away meanwhile has its own message.
      timer = setTimeout(() => void check().catch(() => undefined), QUIET_MS)
    },
  )
}
