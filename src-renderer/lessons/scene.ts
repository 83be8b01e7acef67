import type { RunOptions } from '../../src-sim/protocol'

/**
 * A run of a built-in lab that a page shows, and where to look: one click leads there from wherever
 * the person is. Written `scene:bug-01-broken?finding=kasan.use-after-free&show=topology`.
 */
export interface Scene {
  lab: string
  run: RunOptions
  /** The kind of finding to go to; `none` when the run is said to end without one. */
  finding: string | null
  /** The panel to bring to the front. */
  panel: string | null
}

/** What is no place to look at is a parameter of the lab. */
export function parseScene(text: string): Scene | null {
  const [lab = '', query = ''] = text.split('?')
  if (lab === '') return null
  const params: Record<string, string> = {}
  const scene: Scene = { lab, run: {}, finding: null, panel: null }
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === 'finding') scene.finding = value
    else if (name === 'show') scene.panel = value
    else params[name] = value
  }
  if (Object.keys(params).length > 0) scene.run.params = params
  return scene
}
