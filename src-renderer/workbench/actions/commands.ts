import { useCommands } from '../commands/registry'
import { compareCommands } from './compare'
import { fileCommands } from './file-commands'
import { runCommands, searchCommands, stepCommands } from './run-commands'
import { goCommands, helpCommands, panelCommands, viewCommands } from './view-commands'

/** Everything the workbench itself can do. Panels add what only they can. */
export function registerCommands(): void {
  useCommands().register(
    ...fileCommands(),
    ...runCommands(),
    ...searchCommands(),
    ...compareCommands(),
    ...stepCommands(),
    ...goCommands(),
    ...panelCommands(),
    ...viewCommands(),
    ...helpCommands(),
  )
}
