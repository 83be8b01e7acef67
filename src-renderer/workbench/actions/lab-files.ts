import type { Opened, OpenedFile } from '../../host/host'
import { host } from '../place'
import {
  useExplore,
  useKernel,
  useLab,
  useMarks,
  useSession,
  useSettings,
  useToasts,
  useUi,
  type OpenOptions,
} from '../stores'
import type { LabSource } from '../../../src-sim/protocol'

/** Opens a lab in every panel: files, an empty session, the settings its manifest asks for. */
export async function showLab(source: LabSource, options: OpenOptions): Promise<void> {
  const [lab, session, ui, kernel] = [useLab(), useSession(), useUi(), useKernel()]
  session.forget()
  useExplore().forget()
  lab.open(source, options)
  ui.bundle = null
  const asked = lab.manifest?.run
  session.seed = asked?.seed ?? 0
  session.strategy = (asked?.strategy as typeof session.strategy | undefined) ?? 'fair'
  if (options.origin === 'builtin') useSettings().values.lastLab = source.id
  if (kernel.ready && lab.trusted) await session.boot()
}

/** Unsaved work is never dropped without asking. */
export async function mayLeave(): Promise<boolean> {
  const lab = useLab()
  if (!lab.isDirty) return true
  const files = lab.dirty.length > 0 ? lab.dirty : lab.removed
  return host().confirm({
    message: `Leave "${lab.title}" with unsaved changes?`,
    detail: `Not saved: ${files.join(', ')}. Save first (Ctrl+S) to keep them.`,
    ok: 'Leave without saving',
    cancel: 'Stay',
    danger: true,
  })
}

export async function openBuiltin(id: string): Promise<void> {
  if (!(await mayLeave())) return
  const lab = useLab()
  lab.loading = true
  try {
    await showLab(await host().loadBuiltin(id), { origin: 'builtin' })
  } finally {
    lab.loading = false
  }
}

export async function newFromTemplate(template: string, name: string): Promise<void> {
  if (!(await mayLeave())) return
  const source = await host().loadTemplate(template)
  const files = Object.entries(source.files)
  const edits = Object.fromEntries(files)
  await showLab({ id: name, files: {} }, { origin: 'new', edits })
  useToasts().show('success', `"${name}" was made from the template ${template}.`, {
    hint: 'Ctrl+S saves it to a folder of yours.',
  })
}

export async function openOpened(opened: Opened): Promise<void> {
  if (opened.kind === 'builtin') return openBuiltin(opened.id)
  if (!(await mayLeave())) return
  if (opened.kind === 'bundle') return openBundle(opened)
  await showLab(opened.lab, { origin: 'folder', location: opened.location })
}

/** A trace without its lab: what is in the editor stays, the other panels show the trace. */
async function openTrace(file: OpenedFile): Promise<void> {
  const [kernel, session, ui] = [useKernel(), useSession(), useUi()]
  const status = await kernel.api.openTrace(file.bytes)
  session.forget()
  ui.bundle = null
  kernel.newEpoch()
  kernel.accept(status)
  useToasts().show('success', `${file.name} is shown: ${status.events} events.`, {
    hint: 'It has no sources. Run starts the lab in the editor instead.',
  })
}

/** A trace alone begins with these four letters; anything else should be a bundle. */
const isTrace = (bytes: Uint8Array): boolean =>
  String.fromCharCode(...bytes.subarray(0, 4)) === 'KTRC'

/** Shows what a bundle holds. Nothing of it runs before the person says so. */
export async function openBundle(file: OpenedFile): Promise<void> {
  if (isTrace(file.bytes)) return openTrace(file)
  const [kernel, lab, session, ui] = [useKernel(), useLab(), useSession(), useUi()]
  const content = await kernel.api.readBundle(file.bytes)
  session.forget()
  lab.open(content.lab, { origin: 'bundle', trusted: false })
  session.take(content.options)
  ui.bundle = {
    name: file.name,
    notes: content.notes,
    traceHash: content.traceHash,
    seed: content.options.seed ?? 0,
    strategy: content.options.strategy ?? 'fair',
  }
  kernel.newEpoch()
  kernel.accept(await kernel.api.openTrace(file.bytes))
  await useMarks().take(content.marks)
}

/** The person read the bundle and wants to see it run. */
export async function trustBundle(): Promise<void> {
  const [kernel, lab, session, ui, toasts] = [
    useKernel(),
    useLab(),
    useSession(),
    useUi(),
    useToasts(),
  ]
  const expected = ui.bundle?.traceHash ?? ''
  const marks = useMarks().all()
  lab.trusted = true
  ui.bundle = null
  await session.restart()
  const got = kernel.status.traceHash
  if (!expected || !got) return
  if (expected === got) {
    await useMarks().take(marks)
    toasts.show('success', 'Replayed: the trace is identical to the bundle.')
  } else {
    toasts.show('warning', 'The replay ended in another trace than the one in the bundle.', {
      hint: `Expected ${expected}, got ${got}. Was it made by another version of klab?`,
      sticky: true,
    })
  }
}

export async function save(ask: boolean): Promise<void> {
  const [lab, toasts] = [useLab(), useToasts()]
  const source = lab.source()
  const inPlace = lab.origin === 'folder' && !ask
  const saved = await host().saveLab(source, inPlace ? lab.location : null)
  if (!saved) return
  lab.markSaved(source, saved)
  toasts.show(
    'success',
    host().capabilities.folders ? `Saved "${saved.id}".` : `Downloaded "${saved.id}".`,
  )
}
