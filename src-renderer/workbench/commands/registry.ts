import { defineStore } from 'pinia'
import { computed, shallowReactive } from 'vue'
import { useSettings } from '../stores/settings'
import { chordOf, isEditable, isTyping, type Chord, type KeyLike } from './keys'

export const GROUPS = ['File', 'Run', 'Step', 'Go', 'Timeline', 'Panels', 'View', 'Help'] as const
export type CommandGroup = (typeof GROUPS)[number]

export interface Command {
  id: string
  title: string
  group: CommandGroup
  /** Default chords; the first one is shown. */
  keys?: Chord[]
  /** Chords of the classroom preset, where they differ. */
  classroom?: Chord[]
  /** Not offered and not run while this is false. */
  when?: () => boolean
  run: (argument?: unknown) => unknown
  /** Keys that only a focused panel listens to; listed in the help, not dispatched here. */
  local?: boolean
  /** Leave it out of the palette. */
  hidden?: boolean
}

/** Everything that can be done, by name. Toolbar, menus, keys, palette and help derive from it. */
export const useCommands = defineStore('commands', () => {
  const settings = useSettings()
  const table = shallowReactive(new Map<string, Command>())
  let report: (what: string, error: unknown) => void = () => undefined

  /** Answers a function that takes the commands away again. */
  function register(...commands: Command[]): () => void {
    for (const command of commands) table.set(command.id, command)
    return () => {
      for (const command of commands) {
        if (table.get(command.id) === command) table.delete(command.id)
      }
    }
  }

  function keysOf(command: Command): Chord[] {
    const own = settings.values.keys[command.id]
    if (own !== undefined) return own === '' ? [] : [own]
    if (settings.values.preset === 'classroom' && command.classroom) return command.classroom
    return command.keys ?? []
  }

  const byChord = computed(() => {
    const map = new Map<Chord, Command[]>()
    for (const command of table.values()) {
      if (command.local) continue
      for (const chord of keysOf(command)) {
        const list = map.get(chord)
        if (list) list.push(command)
        else map.set(chord, [command])
      }
    }
    return map
  })

  /** Chords that more than one command wants, for the keyboard settings. */
  const conflicts = computed(() => [...byChord.value].filter(([, list]) => list.length > 1))

  const all = computed(() => [...table.values()])

  function enabled(id: string): boolean {
    const command = table.get(id)
    return !!command && (command.when?.() ?? true)
  }

  /** Runs a command; trouble is reported to the person, never lost. */
  async function run(id: string, argument?: unknown): Promise<void> {
    const command = table.get(id)
    if (!command || !(command.when?.() ?? true)) return
    try {
      await command.run(argument)
    } catch (error) {
      report(command.title, error)
    }
  }

  function onError(handler: (what: string, error: unknown) => void): void {
    report = handler
  }

  /** Answers true when the event was a command's key. */
  function dispatch(event: KeyLike & { target?: EventTarget | null }, mac: boolean): boolean {
    if (isTyping(event) && isEditable(event.target ?? null)) return false
    const list = byChord.value.get(chordOf(event, mac))
    const command = list?.find((one) => one.when?.() ?? true)
    if (!command) return false
    void run(command.id)
    return true
  }

  return { table, all, conflicts, register, keysOf, enabled, run, onError, dispatch }
})
