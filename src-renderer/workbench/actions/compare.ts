import type { CompareCell } from '../../../src-sim/protocol'
import type { Command } from '../commands/registry'
import { useLayout } from '../layout/layout'
import { useCompare, useFindings, useKernel, useLab, useSession } from '../stores'
import { openBuiltin } from './lab-files'

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
  const [lab, session, layout] = [useLab(), useSession(), useLayout()]
  if (lab.id !== cell.lab) {
    await openBuiltin(cell.lab)
    // The person stays with what is not saved.
    if (lab.id !== cell.lab) return
  }
  session.take(cell.run)
  await session.restart()
  layout.show('editor')
  layout.show(cell.finding ? 'findings' : 'console')
  if (cell.finding) await useFindings().goTo(cell.finding.signature)
}
