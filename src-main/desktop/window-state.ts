import { screen, type BrowserWindow, type Rectangle } from 'electron'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { writeWhole } from './files'

const State = v.object({
  bounds: v.object({ x: v.number(), y: v.number(), width: v.number(), height: v.number() }),
  maximized: v.boolean(),
})
type State = v.InferOutput<typeof State>

const FILE = 'window.json'

/** Where the window was, unless that place is on no screen any more. */
export function loadWindowState(folder: string): State | null {
  try {
    const state = v.parse(State, JSON.parse(readFileSync(join(folder, FILE), 'utf8')))
    const area = screen.getDisplayMatching(state.bounds).workArea
    return overlap(area, state.bounds) ? state : null
  } catch {
    // Nothing kept yet, or something damaged: the window opens at its usual size.
    return null
  }
}

export function keepWindowState(folder: string, window: BrowserWindow): void {
  window.on('close', () => {
    const state: State = { bounds: window.getNormalBounds(), maximized: window.isMaximized() }
    writeWhole(join(folder, FILE), JSON.stringify(state))
  })
}

/** Enough of the title bar can be reached with a mouse. */
function overlap(area: Rectangle, { x, y, width }: Rectangle): boolean {
  return x + width > area.x + 80 && x < area.x + area.width - 80 &&
    y >= area.y - 10 && y < area.y + area.height - 40
}
