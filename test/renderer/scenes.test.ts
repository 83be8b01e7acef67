import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseScene } from '../../src-renderer/lessons/scene'
import { builtinIds, readBuiltin, runLab } from '../sim/lab/lab-kit'

const DOCS = resolve(import.meta.dirname, '../../resources/docs')
const PLACES = new Set(['topology', 'inspector', 'timeline', 'console'])

/** Every run that some page shows. */
const scenes = readdirSync(DOCS)
  .filter((name) => name.endsWith('.md'))
  .flatMap((name) => [...readFileSync(resolve(DOCS, name), 'utf8').matchAll(/\]\(scene:([^)]+)\)/g)])
  .map((match) => match[1]!)

describe('the runs that lessons show', () => {
  it('are there to be tested', () => expect(scenes.length).toBeGreaterThan(20))

  it.each([...new Set(scenes)])('%s shows what is said of it', (text) => {
    const scene = parseScene(text)!
    expect(builtinIds()).toContain(scene.lab)
    expect(scene.finding, 'a page says what will be seen').not.toBeNull()
    if (scene.panel) expect(PLACES).toContain(scene.panel)
    const lab = readBuiltin(scene.lab)
    const { params = {} } = JSON.parse(lab.files['lab.json']!) as { params?: Record<string, { values: object }> }
    for (const [name, value] of Object.entries(scene.run.params ?? {}))
      expect(Object.keys(params[name]?.values ?? {})).toContain(value)
    const kinds = runLab(lab, scene.run).findings.map((one) => one.kind)
    if (scene.finding === 'none') expect(kinds).toEqual([])
    else expect(kinds).toContain(scene.finding)
  })
})
