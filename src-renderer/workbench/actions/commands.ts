import { useCommands, type Command } from '../commands/registry'
import { focusPanel, useLayout } from '../layout/layout'
import { PANELS } from '../layout/panels'
import { host } from '../place'
import {
  freshSeed,
  useCursor,
  useExplore,
  useFindings,
  useKernel,
  useLab,
  useSession,
  useSettings,
  useToasts,
  useUi,
  THEMES,
} from '../stores'
import { EXPORTS, exportBundle, exportTrace } from './exports'
import { openBuiltin, openBundle, openOpened, mayLeave, save, showLab, trustBundle } from './lab-files'

/** Everything the workbench itself can do. Panels add what only they can. */
export function registerCommands(): void {
  useCommands().register(
    ...fileCommands(),
    ...runCommands(),
    ...stepCommands(),
    ...goCommands(),
    ...panelCommands(),
    ...viewCommands(),
    ...helpCommands(),
  )
}

function fileCommands(): Command[] {
  const [lab, kernel, ui] = [useLab(), useKernel(), useUi()]
  const open = (): boolean => lab.isOpen
  const traced = (): boolean => kernel.ready && kernel.hasSession
  const list: Command[] = [
    {
      id: 'lab.gallery',
      title: 'Open a built-in lab',
      group: 'File',
      keys: ['Ctrl+Shift+L'],
      run: () => ui.open('gallery'),
    },
    {
      id: 'lab.new',
      title: 'New lab from a template',
      group: 'File',
      keys: ['Ctrl+N', 'Ctrl+Alt+N'],
      run: () => ui.open('new'),
    },
    {
      id: 'lab.open',
      title: 'Open a lab folder',
      group: 'File',
      keys: ['Ctrl+O'],
      run: async () => {
        const opened = await host().openLab()
        if (opened) await openOpened(opened)
      },
    },
    {
      id: 'bundle.open',
      title: 'Open a bundle or trace',
      group: 'File',
      keys: ['Ctrl+Shift+B'],
      when: () => kernel.ready,
      run: async () => {
        const file = await host().openBundle()
        if (file && (await mayLeave())) await openBundle(file)
      },
    },
    {
      id: 'bundle.trust',
      title: 'Trust this bundle and run it',
      group: 'File',
      when: () => ui.bundle !== null,
      run: trustBundle,
    },
    { id: 'lab.save', title: 'Save', group: 'File', keys: ['Ctrl+S'], when: open, run: () => save(false) },
    {
      id: 'lab.saveAs',
      title: 'Save as',
      group: 'File',
      keys: ['Ctrl+Shift+S'],
      when: open,
      run: () => save(true),
    },
    {
      id: 'lab.builtin',
      title: 'Open the built-in lab named',
      group: 'File',
      hidden: true,
      run: (id) => openBuiltin(String(id)),
    },
    {
      id: 'lab.twin',
      title: 'Open the twin of this lab',
      group: 'File',
      keys: ['Ctrl+Alt+T'],
      when: () => lab.twin !== null && lab.twin !== undefined,
      run: () => openBuiltin(lab.twin!),
    },
    {
      id: 'lab.reset',
      title: 'Back to the saved text of all files',
      group: 'File',
      when: () => lab.isDirty,
      run: resetLab,
    },
    {
      id: 'export.bundle',
      title: 'Export a bundle (sources, seed, schedule, trace)',
      group: 'File',
      keys: ['Ctrl+E'],
      when: traced,
      run: () => exportBundle(),
    },
  ]
  for (const one of EXPORTS) {
    list.push({
      id: `export.${one.id}`,
      title: `Export: ${one.title}`,
      group: 'File',
      when: traced,
      run: () => exportTrace(one.id),
    })
  }
  return list
}

async function resetLab(): Promise<void> {
  const lab = useLab()
  const sure = await host().confirm({
    message: 'Take back all unsaved changes of this lab?',
    detail: [...lab.dirty, ...lab.removed].join(', '),
    ok: 'Take back',
    danger: true,
  })
  if (!sure) return
  const entry = lab.journal()
  await showLab({ id: entry.id, files: entry.saved }, { origin: entry.origin, location: entry.location })
}

function runCommands(): Command[] {
  const [session, kernel, lab, explore, layout] = [
    useSession(),
    useKernel(),
    useLab(),
    useExplore(),
    useLayout(),
  ]
  const can = (): boolean => kernel.ready && lab.isOpen && !session.running
  return [
    { id: 'run', title: 'Run or go on', group: 'Run', keys: ['F5'], classroom: ['F8', 'F5'], when: can, run: () => session.run() },
    {
      id: 'run.start',
      title: 'Apply edits and run from the start',
      group: 'Run',
      keys: ['Ctrl+Enter'],
      when: () => kernel.ready && lab.isOpen,
      run: () => session.restart(),
    },
    {
      id: 'run.restart',
      title: 'Restart with the same seed',
      group: 'Run',
      keys: ['Ctrl+Shift+F5'],
      classroom: ['F3'],
      when: () => kernel.ready && lab.isOpen,
      run: () => session.restart(session.seed),
    },
    {
      id: 'run.newSeed',
      title: 'Restart with a new seed',
      group: 'Run',
      keys: ['Ctrl+Alt+R'],
      when: () => kernel.ready && lab.isOpen,
      run: () => {
        if (session.strategy === 'fair' || session.strategy === 'replay') session.strategy = 'random'
        return session.restart(freshSeed())
      },
    },
    { id: 'run.pause', title: 'Pause', group: 'Run', keys: ['F6'], when: () => session.running, run: () => session.pause() },
    {
      id: 'run.stop',
      title: 'Stop',
      group: 'Run',
      keys: ['Shift+F5'],
      when: () => kernel.hasSession && kernel.ready,
      run: () => session.stop(),
    },
    { id: 'kernel.restart', title: 'Restart the kernel', group: 'Run', when: () => kernel.link !== 'connecting', run: restartKernel },
    { id: 'explore.show', title: 'Show the schedule explorer', group: 'Run', keys: ['Ctrl+Shift+E'], run: () => layout.show('explore', true) },
    {
      id: 'explore.start',
      title: 'Explore schedules',
      group: 'Run',
      keys: ['Ctrl+Shift+Enter'],
      when: () => kernel.ready && lab.isOpen && !explore.active,
      run: async () => {
        layout.show('explore')
        await explore.start()
      },
    },
    { id: 'explore.cancel', title: 'Stop exploring', group: 'Run', when: () => explore.active, run: () => explore.cancel() },
  ]
}

/** A fresh worker, and the lab booted in it; sources, breakpoints and seed are still here. */
export async function restartKernel(): Promise<void> {
  const [kernel, session, lab] = [useKernel(), useSession(), useLab()]
  await kernel.reconnect()
  if (kernel.ready && lab.isOpen && lab.trusted) await session.boot()
}

function stepCommands(): Command[] {
  const [session, kernel, lab] = [useSession(), useKernel(), useLab()]
  const can = (): boolean => kernel.ready && lab.isOpen && !session.running
  const back = (): boolean => can() && kernel.status.cursorStep > 0
  return [
    { id: 'step', title: 'Step: next event anywhere', group: 'Step', keys: ['F11', 'Ctrl+F11'], when: can, run: () => session.step('event') },
    { id: 'step.context', title: 'Step: next event in this context', group: 'Step', keys: ['F10'], when: can, run: () => session.step('context') },
    { id: 'step.return', title: 'Step: until this function returns', group: 'Step', keys: ['Shift+F11'], when: can, run: () => session.step('return') },
    { id: 'step.back', title: 'Step back', group: 'Step', keys: ['Alt+F10'], classroom: ['F4', 'Alt+F10'], when: back, run: () => session.step('back') },
  ]
}

function goCommands(): Command[] {
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
    { id: 'finding.next', title: 'Next finding', group: 'Go', keys: ['F8'], when: some, run: turn(1) },
    { id: 'finding.previous', title: 'Previous finding', group: 'Go', keys: ['Shift+F8'], when: some, run: turn(-1) },
    { id: 'go.anything', title: 'Go to a file, object (#42), step (%100) or time (:1.5ms)', group: 'Go', keys: ['Ctrl+P'], run: () => ui.open('goto') },
    { id: 'go.start', title: 'Go to the start of the run', group: 'Go', keys: ['Ctrl+Alt+Home'], when: () => kernel.hasSession, run: () => cursor.seekStep(0) },
    { id: 'go.end', title: 'Go to the end of the run', group: 'Go', keys: ['Ctrl+Alt+End'], when: () => kernel.hasSession, run: () => cursor.seekStep(kernel.status.steps) },
    { id: 'go.step', title: 'Go to step', group: 'Go', keys: ['Ctrl+G'], when: () => kernel.hasSession, run: () => document.getElementById('step-input')?.focus() },
    { id: 'selection.clear', title: 'Clear the selection', group: 'Go', hidden: true, run: () => cursor.clear() },
  ]
}

function panelCommands(): Command[] {
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
    { id: 'panel.show', title: 'Show the panel named', group: 'Panels', hidden: true, run: (id) => layout.show(String(id)) },
    { id: 'panel.sidebar', title: 'Toggle the file list', group: 'Panels', keys: ['Ctrl+B'], run: () => layout.toggle('files') },
    { id: 'panel.toggleConsole', title: 'Toggle the console', group: 'Panels', keys: ['Ctrl+J'], run: () => layout.toggle('console') },
    { id: 'panel.hide', title: 'Hide the active panel', group: 'Panels', run: () => layout.hide(layout.active) },
    { id: 'panel.maximise', title: 'Maximise or restore the active panel', group: 'Panels', keys: ['Ctrl+Alt+M'], run: () => layout.toggleMaximise() },
    { id: 'layout.reset', title: 'Reset the layout', group: 'Panels', run: () => layout.reset() },
    { id: 'layout.undo', title: 'Undo the last layout change', group: 'Panels', run: () => layout.undo() },
    move('left', 'Left'),
    move('right', 'Right'),
    move('up', 'Up'),
    move('down', 'Down'),
  )
  return list
}

function viewCommands(): Command[] {
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
    { id: 'view.theme', title: 'Toggle dark and light', group: 'View', run: () => (settings.values.theme = settings.dark ? 'light' : 'dark') },
    { id: 'view.larger', title: 'Larger text', group: 'View', keys: ['Ctrl+=', 'Ctrl++'], run: zoom(0.1) },
    { id: 'view.smaller', title: 'Smaller text', group: 'View', keys: ['Ctrl+-'], run: zoom(-0.1) },
    { id: 'view.presentation', title: 'Presentation size on or off', group: 'View', run: () => (settings.values.zoom = settings.values.zoom < 1.4 ? 1.5 : 1) },
    { id: 'view.wrap', title: 'Wrap long lines', group: 'View', keys: ['Alt+Z'], run: () => (settings.values.wordWrap = !settings.values.wordWrap) },
    { id: 'view.settings', title: 'Settings', group: 'View', keys: ['Ctrl+,'], run: () => useUi().open('settings') },
  )
  return list
}

function helpCommands(): Command[] {
  const [ui, layout, kernel, toasts] = [useUi(), useLayout(), useKernel(), useToasts()]
  const page = (id: string): void => {
    ui.helpPage = id
    layout.show('lessons', true)
  }
  return [
    { id: 'palette', title: 'All commands', group: 'Help', keys: ['Ctrl+Shift+P', 'F1'], run: () => ui.open('palette') },
    { id: 'help.keys', title: 'Keyboard shortcuts', group: 'Help', keys: ['?', 'Ctrl+/'], run: () => ui.open('keys') },
    { id: 'help.show', title: 'Show the help', group: 'Help', keys: ['Shift+F1'], run: () => layout.show('lessons', true) },
    { id: 'help.caveats', title: 'What is not modelled', group: 'Help', run: () => page('caveats') },
    { id: 'help.page', title: 'Open the help page named', group: 'Help', hidden: true, run: (id) => page(String(id)) },
    { id: 'help.rule', title: 'Explain the rule named', group: 'Help', hidden: true, run: (id) => page(`rule:${String(id)}`) },
    { id: 'help.about', title: 'About Kernel Lifecycle Lab', group: 'Help', run: () => ui.open('about') },
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
