import type { Scene } from '../../lessons/scene'
import type { Command } from '../commands/registry'
import { host } from '../place'
import { useKernel, useLab, useUi } from '../stores'
import { EXPORTS, exportBundle, exportTrace } from './exports'
import {
  mayLeave,
  openBuiltin,
  openBundle,
  openOpened,
  save,
  showLab,
  trustBundle,
} from './lab-files'
import { openScene } from './scene'

export function fileCommands(): Command[] {
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
    {
      id: 'lab.save',
      title: 'Save',
      group: 'File',
      keys: ['Ctrl+S'],
      when: open,
      run: () => save(false),
    },
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
      id: 'lab.scene',
      title: 'Show the run of a lesson',
      group: 'File',
      hidden: true,
      run: (scene) => openScene(scene as Scene),
    },
    {
      id: 'lab.recent',
      title: 'Open the recent lab at',
      group: 'File',
      hidden: true,
      run: async (location) => openOpened(await host().openRecent(String(location))),
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
    {
      id: 'export.bundleNotes',
      title: 'Export a bundle with notes',
      group: 'File',
      when: traced,
      run: async () => {
        const notes = await ui.ask({
          title: 'Export a bundle',
          label: 'Notes for whoever opens it',
          ok: 'Export',
          long: true,
        })
        if (notes !== null) await exportBundle(notes)
      },
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
  await showLab(
    { id: entry.id, files: entry.saved },
    { origin: entry.origin, location: entry.location },
  )
}
