import MarkdownIt from 'markdown-it'
import { parseScene, type Scene } from './scene'

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false })

const fallback = markdown.renderer.rules.heading_open
markdown.renderer.rules.heading_open = (tokens, index, options, env, self) => {
  const text = tokens[index + 1]?.content ?? ''
  tokens[index]?.attrSet('id', `h-${anchor(text)}`)
  return fallback
    ? fallback(tokens, index, options, env, self)
    : self.renderToken(tokens, index, options)
}

/** How a heading is named in a link: lower case, words joined by dashes. */
export function anchor(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
}

/** Raw HTML in a page stays text; front matter is not shown. */
export function renderPage(text: string): string {
  return markdown.render(text.replace(/^---\n[\s\S]*?\n---\n/, ''))
}

/** Where a link inside a page leads. */
export type LinkTarget =
  | { kind: 'page'; page: string; anchor: string }
  | { kind: 'lab'; id: string }
  | { kind: 'scene'; scene: Scene }
  | { kind: 'command'; id: string }
  | { kind: 'web'; url: string }

export function linkTarget(href: string, from: string): LinkTarget | null {
  if (href.startsWith('lab:')) return { kind: 'lab', id: href.slice(4) }
  if (href.startsWith('scene:')) {
    const scene = parseScene(href.slice(6))
    return scene && { kind: 'scene', scene }
  }
  if (href.startsWith('command:')) return { kind: 'command', id: href.slice(8) }
  if (/^https:\/\//.test(href)) return { kind: 'web', url: href }
  if (/^[a-z]+:/i.test(href)) return null
  const [path = '', hash = ''] = href.split('#')
  if (path === '') return { kind: 'page', page: from, anchor: hash }
  const base = from.includes('/') ? from.slice(0, from.lastIndexOf('/') + 1) : ''
  const parts: string[] = []
  for (const part of `${base}${path.replace(/\.md$/, '')}`.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return { kind: 'page', page: parts.join('/'), anchor: hash }
}
