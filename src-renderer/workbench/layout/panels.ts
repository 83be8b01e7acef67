import { defineAsyncComponent, type Component } from 'vue'
import ComparePanel from '../../compare/ComparePanel.vue'
import ConsolePanel from '../../console/ConsolePanel.vue'
import EditorPanel from '../../editor/EditorPanel.vue'
import FilesPanel from '../../editor/FilesPanel.vue'
import ProblemsPanel from '../../editor/ProblemsPanel.vue'
import ExplorePanel from '../../explorer/ExplorePanel.vue'
import FindingsPanel from '../../findings/FindingsPanel.vue'
import LessonsPanel from '../../lessons/LessonsPanel.vue'

export interface PanelInfo {
  id: string
  title: string
  component: Component
  /** The panel beside which it opens; without one it opens where the keyboard is. */
  beside?: string
  minWidth?: number
  minHeight?: number
}

/** In the order of Alt+1 ... Alt+9. */
export const PANELS: readonly PanelInfo[] = [
  { id: 'editor', title: 'Editor', component: EditorPanel },
  {
    id: 'timeline',
    title: 'Timeline',
    component: defineAsyncComponent(() => import('../../timeline')),
  },
  {
    id: 'inspector',
    title: 'Object',
    component: defineAsyncComponent(() => import('../../inspector')),
  },
  {
    id: 'topology',
    title: 'Topology',
    component: defineAsyncComponent(() => import('../../topology')),
  },
  { id: 'console', title: 'Console', component: ConsolePanel },
  { id: 'findings', title: 'Findings', component: FindingsPanel },
  { id: 'explore', title: 'Explore', component: ExplorePanel },
  { id: 'files', title: 'Files', component: FilesPanel },
  { id: 'lessons', title: 'Help', component: LessonsPanel },
  { id: 'problems', title: 'Problems', component: ProblemsPanel },
  { id: 'compare', title: 'Compare', component: ComparePanel, beside: 'editor' },
]

export function panelInfo(id: string): PanelInfo | undefined {
  return PANELS.find((panel) => panel.id === id)
}
