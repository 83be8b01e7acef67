import { createPinia, setActivePinia } from 'pinia'
import { createApp, watch } from 'vue'
import App from '../App.vue'
import type { Host } from '../host/host'
import '../styles/tokens.css'
import '../styles/base.css'
import '../styles/dock.css'
import { openOpened, showLab } from './actions/lab-files'
import { registerCommands } from './actions/commands'
import { checkWhileTyping } from './auto-check'
import { useCommands } from './commands/registry'
import { keepJournal } from './journal'
import { useLayout } from './layout/layout'
import { followMenu } from './menu'
import { isMac, keep, setHost } from './place'
import { isJournalEntry } from './stores/lab'
import { useKernel, useLab, useSession, useSettings, useToasts, useUi } from './stores'
import { followTheme } from './theme'

const FIRST_LAB = 'bug-01-broken'

/** Builds the window and opens the last work, or a lab with something to see in it. */
export async function startWorkbench(host: Host): Promise<void> {
  setHost(host)
  const pinia = createPinia()
  setActivePinia(pinia)
  await useSettings().load(keep)
  followTheme()
  registerCommands()
  reportTrouble()
  listenToKeys()
  listenToDrags()
  createApp(App).use(pinia).mount('#app')
  followMenu(host)
  showFirstFinding()
  checkWhileTyping()
  followTitle(host)
  const opening = openFirst(host)
  const connecting = useKernel().attach(() => host.kernel())
  await Promise.all([opening, connecting])
  host.onOpen((opened) => void attempt('That could not be opened', () => openOpened(opened)))
  const [lab, session, kernel] = [useLab(), useSession(), useKernel()]
  if (kernel.ready && lab.isOpen && lab.trusted && !kernel.hasSession) {
    await attempt('The lab could not be started', () => session.boot())
  }
}

async function attempt(what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    useToasts().failed(what, error)
  }
}

async function openFirst(host: Host): Promise<void> {
  const [lab, settings, toasts] = [useLab(), useSettings(), useToasts()]
  lab.loading = true
  try {
    const [gallery, journal] = await Promise.all([
      host.listBuiltin().catch((error: unknown) => {
        toasts.failed('The built-in labs could not be listed', error)
        return []
      }),
      host.loadJournal().catch(() => null),
    ])
    lab.setGallery(gallery)
    if (isJournalEntry(journal)) {
      lab.restore(journal)
      if (lab.isDirty) toasts.show('info', 'Unsaved changes of the last time are back.')
    } else {
      const known = (id: string): boolean => gallery.some((one) => one.id === id)
      const first = [settings.values.lastLab, FIRST_LAB, gallery[0]?.id ?? ''].find(known)
      if (first) await showLab(await host.loadBuiltin(first), { origin: 'builtin' })
    }
  } catch (error) {
    toasts.failed('The first lab could not be opened', error)
  } finally {
    lab.loading = false
  }
  keepJournal(host)
}

/** Every failed command and every forgotten promise becomes a sentence on the screen. */
function reportTrouble(): void {
  const [commands, toasts, kernel] = [useCommands(), useToasts(), useKernel()]
  commands.onError((what, error) => {
    // A lost kernel has a bar of its own with the way out.
    if (kernel.link !== 'lost') toasts.failed(`"${what}" did not work`, error)
  })
  addEventListener('unhandledrejection', (event) => {
    if (kernel.link !== 'lost' && !isCancel(event.reason))
      toasts.failed('Something went wrong', event.reason)
  })
}

/** Monaco rejects promises it gave up on with an error of this name. */
function isCancel(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'Canceled'
}

/** In the capture phase, so that our keys come before those of whatever has the focus. */
function listenToKeys(): void {
  const [commands, ui] = [useCommands(), useUi()]
  addEventListener(
    'keydown',
    (event) => {
      if (event.isComposing || (ui.dialog !== null && event.key !== 'F1')) return
      if (!commands.dispatch(event, isMac())) return
      event.preventDefault()
      event.stopPropagation()
    },
    { capture: true },
  )
}

function listenToDrags(): void {
  const ui = useUi()
  const carriesFiles = (event: DragEvent): boolean => !!event.dataTransfer?.types.includes('Files')
  addEventListener('dragenter', (event) => carriesFiles(event) && (ui.dropping = true))
  addEventListener('dragleave', (event) => event.relatedTarget === null && (ui.dropping = false))
  addEventListener('drop', () => (ui.dropping = false), { capture: true })
}

/** The first finding of a run brings its panel to the front; later ones leave the view alone. */
function showFirstFinding(): void {
  const [kernel, layout] = [useKernel(), useLayout()]
  let told = -1
  watch(
    () => kernel.status.findings > 0 && !kernel.running,
    (found) => {
      if (!found || told === kernel.epoch) return
      told = kernel.epoch
      layout.show('findings')
    },
  )
}

function followTitle(host: Host): void {
  const lab = useLab()
  watch(
    () => [lab.title, lab.isDirty, lab.location] as const,
    ([title, dirty, path]) => {
      host.setTitle(title ? `${title} - Kernel Lifecycle Lab` : 'Kernel Lifecycle Lab', {
        dirty,
        path,
      })
    },
    { immediate: true },
  )
}
