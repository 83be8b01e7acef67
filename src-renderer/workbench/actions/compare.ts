import type { CompareCell } from '../../../src-sim/protocol'
import type { Command } from '../commands/registry'
import { useLayout } from '../layout/layout'
import { useCompare, useFindings, useKernel, useSession } from '../stores'
import { enterLab } from './scene'

export function compareCommands(): Command[] {
  const [compare, kernel, layout] = [useCompare(), useKernel(), useLayout()]
  return [
    {
      id: 'compare.show',
      title: 'Compare models of lifetime',
      group: 'Run',
      keys: ['Ctrl+Alt+C'],
      run: () => layout.show('compare', true),
    },
    {
      id: 'compare.start',
      title: 'Start the comparison of models',
      group: 'Run',
      when: () => kernel.ready && !compare.active && compare.chosen.length > 0,
      run: async () => {
        layout.show('compare')
        await compare.start()
      },
    },
    {
      id: 'compare.cancel',
      title: 'Stop the comparison',
      group: 'Run',
      when: () => compare.active,
      run: () => compare.cancel(),
    },
  ]
}

/** Opens the model of a cell and runs the schedule that decided it. */
export async function openComparedCell(cell: CompareCell): Promise<void> {
  const [session, layout] = [useSession(), useLayout()]
  if (!(await enterLab(cell.lab))) return
  session.take(cell.run)
  await session.restart()
  layout.show('editor')
  layout.show(cell.finding ? 'findings' : 'console')
  if (cell.finding) await useFindings().goTo(cell.finding.signature)
}
