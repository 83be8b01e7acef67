import type { DocPage } from '../host/host'

/** The page that the open lab brings along, its README. */
export const LAB_PAGE = 'this-lab'

/** One page, or none. Its title is its first heading. */
export function labPage(readme: string | undefined): DocPage[] {
  if (!readme?.trim()) return []
  const title = /^#\s+(.+)$/m.exec(readme)?.[1] ?? 'About this lab'
  return [{ id: LAB_PAGE, title, text: readme }]
}
