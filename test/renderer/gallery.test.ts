import { describe, expect, it } from 'vitest'
import type { LabSummary } from '../../src-sim/protocol'
import { galleryGroups } from '../../src-renderer/workbench/dialogs/gallery'

const lab = (id: string, subsystem: string, difficulty: string): LabSummary => ({
  id, title: `About ${id}`, description: '', subsystem, difficulty, twin: null, about: ['WQ-03'], params: {},
})
const labs = [
  lab('a', 'RDMA', 'hard'),
  lab('b', 'work items', 'medium'),
  lab('c', 'work items', 'intro'),
  lab('d', 'files', 'medium'),
  lab('e', '', 'medium'),
]

describe('the gallery', () => {
  it('begins with what is easy, and keeps a subsystem together', () => {
    const shown = galleryGroups(labs, '').map(([name, list]) => [name, list.map((one) => one.id)])
    expect(shown).toEqual([
      ['work items', ['c', 'b']],
      ['files', ['d']],
      ['other', ['e']],
      ['RDMA', ['a']],
    ])
  })

  it('filters by name, subsystem and rule', () => {
    expect(galleryGroups(labs, 'rdma').map(([name]) => name)).toEqual(['RDMA'])
    expect(galleryGroups(labs, 'WQ-03')).toHaveLength(4)
    expect(galleryGroups(labs, 'nothing like it')).toEqual([])
  })
})
