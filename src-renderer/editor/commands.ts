import type * as Monaco from 'monaco-editor/editor'
import type { Command } from '../workbench/commands/registry'
import { useContexts, useCursor, useLab, useSession } from '../workbench/stores'

/** What the source editor adds to the registry while it is there. */
export function editorCommands(
  editor: () => Monaco.editor.IStandaloneCodeEditor | null,
  showDiff: (path: string) => void,
): Command[] {
  const [lab, cursor, contexts, session] = [useLab(), useCursor(), useContexts(), useSession()]
  const act = (id: string) => () => {
    editor()?.focus()
    return editor()?.getAction(id)?.run()
  }
  return [
    {
      id: 'editor.breakpoint',
      title: 'Toggle breakpoint on this line',
      group: 'Step',
      keys: ['F9'],
      when: () => lab.active !== null,
      run: () => {
        const line = editor()?.getPosition()?.lineNumber
        if (line && lab.active) return session.toggleBreakpoint(lab.active, line)
      },
    },
    {
      id: 'editor.format',
      title: 'Format this file',
      group: 'File',
      keys: ['Alt+Shift+F'],
      run: act('editor.action.formatDocument'),
    },
    {
      id: 'editor.find',
      title: 'Find in this file',
      group: 'Go',
      run: act('actions.find'),
    },
    {
      id: 'editor.replace',
      title: 'Replace in this file',
      group: 'Go',
      run: act('editor.action.startFindReplaceAction'),
    },
    {
      id: 'editor.diff',
      title: 'Compare this file with what is saved',
      group: 'File',
      when: () => lab.active !== null && lab.dirty.includes(lab.active),
      run: () => showDiff(lab.active!),
    },
    {
      id: 'editor.symbol',
      title: 'Go to a function in this file',
      group: 'Go',
      keys: ['Ctrl+Shift+O'],
      run: act('editor.action.quickOutline'),
    },
    {
      id: 'editor.line',
      title: 'Go to line',
      group: 'Go',
      run: act('editor.action.gotoLine'),
    },
    {
      id: 'editor.here',
      title: 'Show the line that runs at the cursor',
      group: 'Go',
      keys: ['Alt+Home'],
      when: () => contexts.place !== null,
      run: () => {
        const here = contexts.place
        if (here?.file) cursor.revealSource(here.file, here.line, here.column, true)
      },
    },
  ]
}
