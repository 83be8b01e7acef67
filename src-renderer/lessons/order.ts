import type { DocPage } from '../host/host'
import { LAB_PAGE } from './lab-page'

export interface PageGroup {
  title: string
  pages: DocPage[]
}

/** The help in reading order: first what one does with the lab, last how it is made. */
const ORDER: readonly (readonly [title: string, ids: readonly string[]])[] = [
  ['This lab', [LAB_PAGE]],
  ['Use the lab', ['start', 'writing-a-lab', 'exploring', 'compare', 'cli', 'caveats']],
  ['Lessons', ['lesson-removal', 'lesson-references', 'lesson-dma', 'lesson-sharing', 'lesson-processes']],
  ['Models of lifetime', [
    'models', 'device-states', 'object-lifetime', 'refcounts', 'fencing', 'module-text',
    'mmio-lifetime', 'dma-lifetime', 'dma-fences', 'rcu',
  ]],
  ['How it is made', [
    'architecture', 'trace-format', 'hardware-models', 'adding-a-kernel-api', 'decisions/*',
  ]],
  ['Devices to use', ['hardware-*']],
]
/** Everything else explains a finding. */
const FINDINGS = 'What findings mean'
const GROUPS = ['This lab', 'Use the lab', 'Lessons', 'Models of lifetime', FINDINGS, 'Devices to use', 'How it is made']

/** Where a page stands: its group, and its place there. */
function placeOf(id: string): [group: string, place: number] {
  for (const [title, ids] of ORDER) {
    const place = ids.indexOf(id)
    if (place >= 0) return [title, place]
  }
  for (const [title, ids] of ORDER) {
    const place = ids.findIndex((one) => one.endsWith('*') && id.startsWith(one.slice(0, -1)))
    if (place >= 0) return [title, place]
  }
  return [FINDINGS, 0]
}

export function groupPages(pages: readonly DocPage[]): PageGroup[] {
  const placed = pages.map((page) => ({ page, at: placeOf(page.id) }))
  return GROUPS.map((title) => ({
    title,
    pages: placed
      .filter(({ at }) => at[0] === title)
      .sort((a, b) => a.at[1] - b.at[1] || (a.page.title < b.page.title ? -1 : 1))
      .map(({ page }) => page),
  })).filter((group) => group.pages.length > 0)
}
