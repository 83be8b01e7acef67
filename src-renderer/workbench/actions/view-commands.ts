import type { Command } from '../commands/registry'
import { focusPanel, useLayout } from '../layout/layout'
import { PANELS } from '../layout/panels'
import { host } from '../place'
import { THEMES, useCursor, useFindings, useKernel, useSettings, useToasts, useUi } from '../stores'

export function goCommands(): Command[] {
  const [cursor, kernel, findings, ui] = [useCursor(), useKernel(), useFindings(), useUi()]
  const some = (): boolean => findings.list.length > 0
  const turn = (by: number) => (): Promise<void> => {
    const count = findings.list.length
    const at = cursor.findingIndex
    const next = at === null ? (by > 0 ? 0 : count - 1) : (at + by + count) % count
    useLayout().show('findings')
    return findings.go(next)
  }
  return [
    {
      id: 'finding.next',
      title: 'Next finding',
      group: 'Go',
      keys: ['F8'],
      when: some,
      run: turn(1),
    },
    {
      id: 'finding.previous',
      title: 'Previous finding',
      group: 'Go',
      keys: ['Shift+F8'],
      when: some,
      run: turn(-1),
    },
    {
      id: 'go.anything',
      title: 'Go to a file, object (#42), step (%100) or time (:1.5ms)',
      group: 'Go',
      keys: ['Ctrl+P'],
      run: () => ui.open('goto'),
    },
    {
      id: 'go.start',
      title: 'Go to the start of the run',
      group: 'Go',
      keys: ['Ctrl+Alt+Home'],
      when: () => kernel.hasSession,
      run: () => cursor.seekStep(0),
    },
    {
      id: 'go.end',
      title: 'Go to the end of the run',
      group: 'Go',
      keys: ['Ctrl+Alt+End'],
      when: () => kernel.hasSession,
      run: () => cursor.seekStep(kernel.status.steps),
    },
    {
      id: 'go.step',
      title: 'Go to step',
      group: 'Go',
      keys: ['Ctrl+G'],
      when: () => kernel.hasSession,
      run: () => document.getElementById('step-input')?.focus(),
    },
    {
      id: 'selection.clear',
      title: 'Clear the selection',
      group: 'Go',
      hidden: true,
      run: () => cursor.clear(),
    },
  ]
}

export function panelCommands(): Command[] {
  const layout = useLayout()
  const list: Command[] = PANELS.map((panel, i) => ({
    id: `panel.${panel.id}`,
    title: `Show ${panel.title}`,
    group: 'Panels',
    ...(i < 9 && { keys: [`Alt+${i + 1}`] }),
    run: () => layout.show(panel.id, true),
  }))
  const move = (direction: 'left' | 'right' | 'up' | 'down', key: string): Command => ({
    id: `panel.move.${direction}`,
    title: `Move panel ${direction}`,
    group: 'Panels',
    keys: [`Ctrl+Alt+${key}`],
    run: () => {
      layout.move(direction)
      focusPanel(layout.active)
    },
  })
  list.push(
    {
      id: 'panel.show',
      title: 'Show the panel named',
      group: 'Panels',
      hidden: true,
      run: (id) => layout.show(String(id)),
    },
    {
      id: 'panel.sidebar',
      title: 'Toggle the file list',
      group: 'Panels',
      keys: ['Ctrl+B'],
      run: () => layout.toggle('files'),
    },
    {
      id: 'panel.toggleConsole',
      title: 'Toggle the console',
      group: 'Panels',
      keys: ['Ctrl+J'],
      run: () => layout.toggle('console'),
    },
    {
      id: 'panel.hide',
      title: 'Hide the active panel',
      group: 'Panels',
      run: () => layout.hide(layout.active),
    },
    {
      id: 'panel.maximise',
      title: 'Maximise or restore the active panel',
      group: 'Panels',
      keys: ['Ctrl+Alt+M'],
      run: () => layout.toggleMaximise(),
    },
    { id: 'layout.reset', title: 'Reset the layout', group: 'Panels', run: () => layout.reset() },
    {
      id: 'layout.undo',
      title: 'Undo the last layout change',
      group: 'Panels',
      run: () => layout.undo(),
    },
    {
      id: 'layout.save',
      title: 'Save this layout under a name',
      group: 'Panels',
      run: async () => {
        const name = await useUi().ask({ title: 'Save the layout', label: 'Name', ok: 'Save' })
        if (name?.trim()) await layout.saveAs(name.trim())
      },
    },
    {
      id: 'layout.load',
      title: 'Use the layout named',
      group: 'Panels',
      hidden: true,
      run: (name) => layout.load(String(name)),
    },
    move('left', 'Left'),
    move('right', 'Right'),
    move('up', 'Up'),
    move('down', 'Down'),
  )
  return list
}

export function viewCommands(): Command[] {
  const settings = useSettings()
  const zoom = (by: number) => () => {
    const now = Math.round((settings.values.zoom + by) * 10) / 10
    settings.values.zoom = Math.min(2, Math.max(0.8, now))
  }
  const list: Command[] = THEMES.map((theme) => ({
    id: `theme.${theme}`,
    title: `Theme: ${theme === 'system' ? 'follow the system' : theme.replace('-', ' ')}`,
    group: 'View',
    run: () => (settings.values.theme = theme),
  }))
  list.push(
    {
      id: 'view.theme',
      title: 'Toggle dark and light',
      group: 'View',
      run: () => (settings.values.theme = settings.dark ? 'light' : 'dark'),
    },
    {
      id: 'view.larger',
      title: 'Larger text',
      group: 'View',
      keys: ['Ctrl+=', 'Ctrl++'],
      run: zoom(0.1),
    },
    { id: 'view.smaller', title: 'Smaller text', group: 'View', keys: ['Ctrl+-'], run: zoom(-0.1) },
    {
      id: 'view.presentation',
      title: 'Presentation size on or off',
      group: 'View',
      run: () => (settings.values.zoom = settings.values.zoom < 1.4 ? 1.5 : 1),
    },
    {
      id: 'view.wrap',
      title: 'Wrap long lines',
      group: 'View',
      keys: ['Alt+Z'],
      run: () => (settings.values.wordWrap = !settings.values.wordWrap),
    },
    {
      id: 'view.settings',
      title: 'Settings',
      group: 'View',
      keys: ['Ctrl+,'],
      run: () => useUi().open('settings'),
    },
  )
  return list
}

export function helpCommands(): Command[] {
  const [ui, layout, kernel, toasts] = [useUi(), useLayout(), useKernel(), useToasts()]
  const page = (id: string): void => {
    ui.helpPage = id
    layout.show('lessons', true)
  }
  return [
    {
      id: 'palette',
      title: 'All commands',
      group: 'Help',
      keys: ['Ctrl+Shift+P', 'F1'],
      run: () => ui.open('palette'),
    },
    {
      id: 'help.keys',
      title: 'Keyboard shortcuts',
      group: 'Help',
      keys: ['?', 'Ctrl+/'],
      run: () => ui.open('keys'),
    },
    {
      id: 'help.show',
      title: 'Show the help',
      group: 'Help',
      keys: ['Shift+F1'],
      run: () => layout.show('lessons', true),
    },
    {
      id: 'help.caveats',
      title: 'What is not modelled',
      group: 'Help',
      run: () => page('caveats'),
    },
    {
      id: 'help.page',
      title: 'Open the help page named',
      group: 'Help',
      hidden: true,
      run: (id) => page(String(id)),
    },
    {
      id: 'help.rule',
      title: 'Explain the rule named',
      group: 'Help',
      hidden: true,
      run: (id) => page(`rule:${String(id)}`),
    },
    {
      id: 'help.about',
      title: 'About Kernel Lifecycle Lab',
      group: 'Help',
      run: () => ui.open('about'),
    },
    {
      id: 'copy.hash',
      title: 'Copy the trace hash',
      group: 'Help',
      when: () => kernel.status.traceHash !== '',
      run: async () => {
        await host().copyText(kernel.status.traceHash)
        toasts.show('success', 'The trace hash was copied.')
      },
    },
  ]
}
