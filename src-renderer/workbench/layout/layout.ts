import type { DockviewApi, IDockviewPanel, SerializedDockview } from 'dockview-vue'
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { KeyValueStore } from '../stores/settings'
import { buildDefault } from './default-layout'
import type { PanelInfo } from './panels'

const SAVE_AFTER_MS = 400
const UNDO_DEPTH = 20
const VERSION = 1

interface SavedLayout {
  version: number
  dock: SerializedDockview
}

/** What is known about a panel; undefined for one that does not exist. */
type PanelOf = (id: string) => PanelNote | undefined
type PanelNote = Pick<PanelInfo, 'title' | 'beside'>

/** Arrangement of the panels. The only file, with its view, that knows the docking library. */
export const useLayout = defineStore('layout', () => {
  const api = shallowRef<DockviewApi | null>(null)
  const active = ref('editor')
  const maximised = ref(false)
  const visible = ref<string[]>([])
  const named = shallowRef<Record<string, SavedLayout>>({})
  let store: KeyValueStore | null = null
  let panelOf: PanelOf = () => undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const undoRing: SerializedDockview[] = []
  let last: SerializedDockview | null = null
  let quiet = false

  const names = computed(() => Object.keys(named.value).sort())

  async function mount(dock: DockviewApi, panels: PanelOf, from: KeyValueStore): Promise<void> {
    api.value = dock
    panelOf = panels
    store = from
    const saved = (await from.get('layout')) as SavedLayout | undefined
    named.value = ((await from.get('layouts')) as Record<string, SavedLayout> | undefined) ?? {}
    if (!(saved && apply(saved))) reset()
    dock.onDidLayoutChange(changed)
    dock.onDidActivePanelChange(({ panel }) => panel && (active.value = panel.id))
    dock.onDidMaximizedGroupChange(() => (maximised.value = dock.hasMaximizedGroup()))
    changed()
  }

  /** Answers false when the saved layout does not fit this version. */
  function apply(saved: SavedLayout): boolean {
    const dock = api.value
    if (!dock || saved.version !== VERSION) return false
    const ids = Object.keys(saved.dock.panels ?? {})
    if (ids.length === 0 || ids.some((id) => panelOf(id) === undefined)) return false
    try {
      dock.fromJSON(saved.dock)
      return true
    } catch {
      // A damaged layout is not worth a message: the default one replaces it.
      return false
    }
  }

  function changed(): void {
    const dock = api.value
    if (!dock) return
    visible.value = dock.panels.map((panel) => panel.id)
    clearTimeout(timer)
    timer = setTimeout(() => {
      if (dock.hasMaximizedGroup()) return
      const now = dock.toJSON()
      if (last && !quiet) {
        undoRing.push(last)
        if (undoRing.length > UNDO_DEPTH) undoRing.shift()
      }
      quiet = false
      last = now
      void store?.set('layout', { version: VERSION, dock: now } satisfies SavedLayout)
    }, SAVE_AFTER_MS)
  }

  function reset(): void {
    if (api.value) buildDefault(api.value, (id) => panelOf(id)?.title ?? id)
  }

  function undo(): void {
    const before = undoRing.pop()
    if (!before) return
    quiet = true
    apply({ version: VERSION, dock: before })
  }

  /** Brings a panel to the front, opening it when it was hidden. */
  function show(id: string, focus = false): void {
    const dock = api.value
    const info = panelOf(id)
    if (!dock || info === undefined) return
    const panel = dock.getPanel(id) ?? add(dock, id, info)
    if (dock.hasMaximizedGroup() && !panel.api.isMaximized()) dock.exitMaximizedGroup()
    panel.api.setActive()
    active.value = id
    // At once when it can be seen already, so that the next key goes there however late a frame is.
    if (focus && !focusPanel(id)) requestAnimationFrame(() => focusPanel(id))
  }

  function add(dock: DockviewApi, id: string, info: PanelNote): IDockviewPanel {
    const { title, beside } = info
    const referencePanel = beside ? dock.getPanel(beside) : undefined
    return dock.addPanel({
      id,
      component: 'frame',
      title,
      params: { id },
      renderer: 'always',
      ...(referencePanel && { position: { referencePanel, direction: 'within' } }),
    })
  }

  function hide(id: string): void {
    const panel = api.value?.getPanel(id)
    if (panel) api.value?.removePanel(panel)
  }

  function toggle(id: string): void {
    const panel = api.value?.getPanel(id)
    if (panel?.api.isVisible) hide(id)
    else show(id, true)
  }

  function toggleMaximise(): void {
    const dock = api.value
    if (!dock) return
    if (dock.hasMaximizedGroup()) dock.exitMaximizedGroup()
    else dock.activePanel?.api.maximize()
  }

  /** Moves the active panel into its neighbour on that side, or splits that side off. */
  function move(direction: 'left' | 'right' | 'up' | 'down'): void {
    const dock = api.value
    const panel = dock?.activePanel
    if (!dock || !panel) return
    const neighbour = nearestGroup(dock, panel.group.element, direction)
    if (neighbour) panel.api.moveTo({ group: neighbour })
    else if (panel.group.panels.length > 1) {
      const position = direction === 'up' ? 'top' : direction === 'down' ? 'bottom' : direction
      panel.api.moveTo({ group: panel.group, position })
    }
    panel.api.setActive()
  }

  async function saveAs(name: string): Promise<void> {
    const dock = api.value
    if (!dock) return
    named.value = { ...named.value, [name]: { version: VERSION, dock: dock.toJSON() } }
    await store?.set('layouts', named.value)
  }

  function load(name: string): void {
    const saved = named.value[name]
    if (saved) apply(saved)
  }

  return {
    api,
    active,
    maximised,
    visible,
    names,
    mount,
    reset,
    undo,
    show,
    hide,
    toggle,
    toggleMaximise,
    move,
    saveAs,
    load,
  }
})

/**
 * Puts the keyboard into a panel: on what it marks as its main element, else on itself. False when
 * it is not there yet, or hidden.
 */
export function focusPanel(id: string): boolean {
  const frame = document.querySelector<HTMLElement>(`[data-panel="${id}"]`)
  const main =
    frame?.querySelector<HTMLElement>('[data-main-focus]') ??
    frame?.querySelector<HTMLElement>('[role=textbox], textarea, input, button, [tabindex="0"]')
  ;(main ?? frame)?.focus()
  return frame?.contains(document.activeElement) ?? false
}

function nearestGroup(
  dock: DockviewApi,
  from: HTMLElement,
  direction: 'left' | 'right' | 'up' | 'down',
): DockviewApi['groups'][number] | undefined {
  const here = from.getBoundingClientRect()
  let best: DockviewApi['groups'][number] | undefined
  let bestDistance = Infinity
  for (const group of dock.groups) {
    if (group.element === from) continue
    const there = group.element.getBoundingClientRect()
    const ahead = {
      left: here.left - there.right,
      right: there.left - here.right,
      up: here.top - there.bottom,
      down: there.top - here.bottom,
    }[direction]
    if (ahead < -2) continue
    const sideways =
      direction === 'left' || direction === 'right'
        ? Math.abs(here.top + here.bottom - there.top - there.bottom)
        : Math.abs(here.left + here.right - there.left - there.right)
    const distance = ahead * 4 + sideways
    if (distance < bestDistance) {
      best = group
      bestDistance = distance
    }
  }
  return best
}
