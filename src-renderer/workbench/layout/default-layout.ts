import type { DockviewApi } from 'dockview-vue'

export interface LayoutTitles {
  (id: string): string
}

/**
 * Sources, the object's state and the timeline are visible together at once; a tall window also has
 * room for the topology beside the object, a short one keeps it a tab away.
 */
export function buildDefault(api: DockviewApi, titleOf: LayoutTitles): void {
  const { width, height } = api
  const add = (
    id: string,
    position?: { ref: string; direction: 'left' | 'right' | 'above' | 'below' | 'within' },
    size: { initialWidth?: number; initialHeight?: number } = {},
  ): void => {
    api.addPanel({
      id,
      component: 'frame',
      title: titleOf(id),
      params: { id },
      renderer: 'always',
      ...(position && {
        position: { referencePanel: position.ref, direction: position.direction },
      }),
      ...size,
    })
  }
  api.clear()
  const bottom = Math.round(Math.min(420, Math.max(230, height * 0.36)))
  const side = Math.round(Math.min(480, Math.max(330, width * 0.25)))
  add('editor')
  add('timeline', { ref: 'editor', direction: 'below' }, { initialHeight: bottom })
  add(
    'console',
    { ref: 'timeline', direction: 'right' },
    { initialWidth: Math.round(Math.min(760, width * 0.42)) },
  )
  for (const id of ['findings', 'explore', 'problems', 'lessons']) {
    add(id, { ref: 'console', direction: 'within' })
  }
  add('inspector', { ref: 'editor', direction: 'right' }, { initialWidth: side })
  const tall = height >= 850
  add(
    'topology',
    { ref: 'inspector', direction: tall ? 'above' : 'within' },
    {
      ...(tall && { initialHeight: Math.round((height - bottom) * 0.45) }),
    },
  )
  add('files', { ref: 'editor', direction: 'left' }, { initialWidth: width < 1500 ? 172 : 220 })
  // Adding a panel takes room from its neighbours, so the sizes are set once all are there.
  api.getPanel('files')?.api.setSize({ width: width < 1500 ? 172 : 220 })
  api.getPanel('inspector')?.api.setSize({ width: side })
  api.getPanel('timeline')?.api.setSize({ height: bottom })
  for (const id of ['console', 'inspector', 'editor']) api.getPanel(id)?.api.setActive()
}
