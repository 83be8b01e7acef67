import { app, Menu, type BrowserWindow, type MenuItemConstructorOptions } from 'electron'
import * as v from 'valibot'

const Item = v.variant('kind', [
  v.object({ kind: v.literal('separator') }),
  v.object({ kind: v.literal('recent') }),
  v.object({
    kind: v.literal('command'),
    command: v.string(),
    title: v.string(),
    accelerator: v.optional(v.string()),
    enabled: v.optional(v.boolean()),
    checked: v.optional(v.boolean()),
  }),
])

export const Menus = v.array(v.object({ title: v.string(), items: v.array(Item) }))
export type Menus = v.InferOutput<typeof Menus>

/** The native menu, built from the commands that the page knows. */
export function setMenu(menus: Menus, window: BrowserWindow): void {
  const template: MenuItemConstructorOptions[] = menus.map(({ title, items }) => ({
    label: title,
    submenu: items.map((item) => itemOf(item, window)),
  }))
  if (process.platform === 'darwin') template.unshift({ role: 'appMenu', label: app.name })
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}

function itemOf(item: v.InferOutput<typeof Item>, window: BrowserWindow): MenuItemConstructorOptions {
  if (item.kind === 'separator') return { type: 'separator' }
  if (item.kind === 'recent') return { role: 'recentDocuments', submenu: [{ role: 'clearRecentDocuments' }] }
  const entry: MenuItemConstructorOptions = {
    label: item.title,
    enabled: item.enabled ?? true,
    click: () => window.webContents.send('command', item.command),
  }
  // The page listens for its keys itself; the menu only shows them.
  if (item.accelerator) Object.assign(entry, { accelerator: item.accelerator, registerAccelerator: false })
  if (item.checked !== undefined) Object.assign(entry, { type: 'checkbox', checked: item.checked })
  return entry
}
