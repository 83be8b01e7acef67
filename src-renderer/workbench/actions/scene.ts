import type { Scene } from '../../lessons/scene'
import { useLayout } from '../layout/layout'
import { useFindings, useLab, useSession } from '../stores'
import { openBuiltin } from './lab-files'

/** Opens a built-in lab unless it is open; false when the person stays with what is not saved. */
export async function enterLab(id: string): Promise<boolean> {
  const lab = useLab()
  if (lab.id !== id) await openBuiltin(id)
  return lab.id === id
}

/** Runs what a page tells of, and looks where it says. */
export async function openScene(scene: Scene): Promise<void> {
  const [session, layout] = [useSession(), useLayout()]
  if (!(await enterLab(scene.lab))) return
  session.take(scene.run)
  await session.restart()
  layout.show('editor')
  if (scene.panel) layout.show(scene.panel)
  if (scene.finding) await useFindings().goToKind(scene.finding)
  // The findings have come to the front by themselves; who follows a lesson reads on.
  layout.show('lessons')
}
