import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { labPage } from '../../src-renderer/lessons/lab-page'
import { groupPages } from '../../src-renderer/lessons/order'

const page = (id: string) => ({ id, title: id, text: '' })

describe('the order of the help', () => {
  const docs = resolve(import.meta.dirname, '../../resources/docs')
  const ids = readdirSync(docs, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => path.replace(/\.md$/, '').replaceAll('\\', '/'))
  const groups = groupPages(ids.map(page))
  const groupOf = (id: string) => groups.find((group) => group.pages.some((one) => one.id === id))

  it('starts at the start and shows every page once', () => {
    expect(groups[0]!.pages[0]!.id).toBe('start')
    expect(groups.flatMap((group) => group.pages.map((one) => one.id)).sort()).toEqual(ids.sort())
  })

  it('keeps what findings mean apart from what klab is made of', () => {
    expect(groupOf('use-after-free')!.title).toBe('What findings mean')
    expect(groupOf('hardware-edu')!.title).toBe('Devices to use')
    expect(groupOf('hardware-models')!.title).toBe('How it is made')
    expect(groupOf('decisions/0001-two-kinds-of-runs')!.title).toBe('How it is made')
  })

  it('puts what the open lab says of itself first', () => {
    const [notes] = labPage('Some words.\n\n# Freed too early\n')
    expect(groupPages([page('start'), notes!])).toMatchObject([
      { title: 'This lab', pages: [{ id: 'this-lab', title: 'Freed too early' }] },
      { title: 'Use the lab' },
    ])
    expect([labPage(undefined), labPage(' \n')]).toEqual([[], []])
    expect(labPage('no heading')[0]!.title).toBe('About this lab')
  })

  it('gives a page that nobody placed a place among the findings', () => {
    expect(groupPages([page('brand-new')])).toMatchObject([{ title: 'What findings mean' }])
  })
})
