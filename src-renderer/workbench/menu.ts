import { watch } from 'vue'
import type { Host, Menu, MenuItem } from '../host/host'
import { useCommands } from './commands/registry'
import { useLayout } from './layout/layout'
import { PANELS } from './layout/panels'
import { useSettings } from './stores'
import { THEMES } from './stores/settings'

type Row = string | null | 'recent'

/** Menu by menu, the commands in it; null is a line. */
const MENUS: readonly [string, readonly Row[]][] = [
  [
    'File',
    [
      'lab.new',
      'lab.gallery',
      'lab.open',
      'bundle.open',
      'recent',
      null,
      'lab.save',
      'lab.saveAs',
      'lab.reset',
      null,
      'export.bundle',
      'export.perfetto',
      'export.chrome',
      'export.ftrace',
      'export.trace.dat',
      'export.ctf',
      'export.ndjson',
      'export.csv',
      'export.text',
    ],
  ],
  [
    'Run',
    [
      'run',
      'run.start',
      'run.pause',
      'run.stop',
      null,
      'run.restart',
      'run.newSeed',
      null,
      'explore.start',
      'explore.cancel',
      null,
      'kernel.restart',
    ],
  ],
  [
    'Step',
    [
      'step',
      'step.context',
      'step.return',
      'step.back',
      null,
      'editor.breakpoint',
      null,
      'go.start',
      'go.end',
      'go.step',
    ],
  ],
  [
    'Go',
    [
      'go.anything',
      'editor.symbol',
      'editor.here',
      null,
      'finding.next',
      'finding.previous',
      null,
      'lab.twin',
    ],
  ],
  ['Help', ['palette', 'help.keys', 'help.show', 'help.caveats', null, 'help.about']],
]

/** Gives the host its menus and runs what is chosen there. */
export function followMenu(host: Host): void {
  const commands = useCommands()
  host.onCommand((id) => void commands.run(id))
  if (!host.capabilities.menu) return
  watch(build, (menus) => host.setMenu(menus), { immediate: true })
}

function build(): Menu[] {
  const menus: Menu[] = MENUS.map(([title, rows]) => ({ title, items: rows.map(row) }))
  menus.splice(menus.length - 1, 0, viewMenu())
  return menus
}

function row(name: Row): MenuItem {
  if (name === null) return { kind: 'separator' }
  if (name === 'recent') return { kind: 'recent' }
  return item(name)
}

function item(id: string, checked?: boolean): MenuItem {
  const commands = useCommands()
  const command = commands.table.get(id)
  const chord = command && commands.keysOf(command)[0]
  return {
    kind: 'command',
    command: id,
    title: command?.title ?? id,
    ...(chord && { accelerator: chord.replace('Ctrl', 'CmdOrCtrl') }),
    enabled: commands.enabled(id),
    ...(checked !== undefined && { checked }),
  }
}

function viewMenu(): Menu {
  const [layout, settings] = [useLayout(), useSettings()]
  return {
    title: 'View',
    items: [
      ...PANELS.map((panel) => item(`panel.${panel.id}`, layout.visible.includes(panel.id))),
      { kind: 'separator' },
      item('panel.maximise'),
      item('layout.undo'),
      item('layout.reset'),
      { kind: 'separator' },
      ...THEMES.map((theme) => item(`theme.${theme}`, settings.values.theme === theme)),
      { kind: 'separator' },
      item('view.larger'),
      item('view.smaller'),
      item('view.wrap'),
      item('view.settings'),
    ],
  }
}
