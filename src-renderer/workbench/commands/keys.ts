/**
 * A chord is written `Ctrl+Shift+P`: modifiers in the order Ctrl, Alt, Shift, then the key. `Ctrl` is the
 * Command key on macOS. Printable keys other than letters carry no `Shift`, because which of them
 * need it depends on the keyboard.
 */
export type Chord = string

export interface KeyLike {
  key: string
  code: string
  ctrlKey: boolean
  altKey: boolean
  shiftKey: boolean
  metaKey: boolean
}

const NAMES: Record<string, string> = {
  ' ': 'Space',
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
}

export function chordOf(event: KeyLike, mac: boolean): Chord {
  const control = mac ? event.metaKey : event.ctrlKey
  let key = NAMES[event.key] ?? event.key
  // With Alt, layouts put other characters on letters and digits: take the position then.
  const position = /^(?:Key([A-Z])|Digit(\d))$/.exec(event.code)
  if (event.altKey && position) key = (position[1] ?? position[2])!
  const printable = key.length === 1
  const letter = printable && /[a-z]/i.test(key)
  if (letter) key = key.toUpperCase()
  const shift = event.shiftKey && (!printable || letter || /\d/.test(key))
  return [control && 'Ctrl', event.altKey && 'Alt', shift && 'Shift', key].filter(Boolean).join('+')
}

/** True for a key that types a character, which a text field must get. */
export function isTyping(event: KeyLike): boolean {
  return event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey
}

export function isEditable(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null
  if (!element?.tagName) return false
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) || element.isContentEditable) return true
  // The code editor takes its text through an element that is neither, but says so by its role.
  return element.getAttribute('role') === 'textbox'
}

const MAC_LABELS: Record<string, string> = { Ctrl: '⌘', Alt: '⌥', Shift: '⇧' }

export function chordLabel(chord: Chord, mac: boolean): string {
  if (!mac) return chord
  return chord
    .split('+')
    .map((part) => MAC_LABELS[part] ?? part)
    .join('')
}
