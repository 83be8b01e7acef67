import { createPinia, setActivePinia } from 'pinia'
import { watch } from 'vue'
import { beforeEach, describe, expect, it } from 'vitest'
import type { LabSummary } from '../../src-sim/protocol'
import { openComparedCell } from '../../src-renderer/workbench/actions/compare'
import { openBuiltin } from '../../src-renderer/workbench/actions/lab-files'
import { setHost } from '../../src-renderer/workbench/place'
import {
  useCompare,
  useCursor,
  useKernel,
  useLab,
  useSession,
} from '../../src-renderer/workbench/stores'
import { cellKey } from '../../src-renderer/workbench/stores/compare'
import { fakeHost, type FakeHost } from './fake-host'

const values = { none: 'nothing', unbind: 'unbound', unplug: 'the device is unplugged' }
const model = (id: string, params: LabSummary['params']): LabSummary => ({
  id,
  title: id,
  description: '',
  subsystem: '',
  difficulty: 'intro',
  twin: null,
  about: [],
  params,
})

let host: FakeHost
beforeEach(async () => {
  setActivePinia(createPinia())
  host = fakeHost()
  setHost(host)
  await useKernel().attach(() => host.kernel())
  useLab().setGallery([
    model('counted', { disturbance: { default: 'none', values } }),
    model('fenced', { disturbance: { default: 'none', values } }),
    model('bug-01-broken', {}),
    model('other', { speed: { default: 'slow', values: { slow: 'slow' } } }),
  ])
})

describe('comparing models', () => {
  it('offers the labs that can be disturbed, and their disturbances', () => {
    const compare = useCompare()
    expect(compare.models.map((one) => one.id)).toEqual(['counted', 'fenced'])
    expect(compare.disturbances.map((one) => one.title)).toEqual(['unbound', 'the device is unplugged'])
  })

  it('fills the table cell by cell and ends with a verdict for each', async () => {
    const compare = useCompare()
    const seen: [string, number][] = []
    watch(
      () => compare.cells,
      (cells) => seen.push([compare.state, cells.size]),
      { flush: 'sync' },
    )
    await compare.start()
    expect(seen.filter(([, size]) => size > 0)).toEqual([1, 2, 3, 4].map((n) => ['running', n]))
    expect(compare.state).toBe('done')
    expect(compare.cells.size).toBe(4)
    expect(compare.cells.get(cellKey('fenced', 'unplug'))!.verdict).toBe('finding')
    expect(compare.result!.complete).toBe(true)
  })

  it('leaves out what the person takes out, and drops a result that no longer fits', async () => {
    const compare = useCompare()
    await compare.start()
    compare.toggle('counted')
    expect(compare.result).toBeNull()
    expect(compare.compared.map((one) => one.id)).toEqual(['fenced'])
    await compare.start()
    expect([...compare.cells.keys()].every((key) => key.startsWith('fenced'))).toBe(true)
  })

  it('keeps the cells that were decided before it was stopped', async () => {
    const compare = useCompare()
    const stop = watch(
      () => compare.cells.size,
      (size) => size > 0 && void compare.cancel(),
      { flush: 'sync' },
    )
    await compare.start()
    stop()
    expect(compare.result!.complete).toBe(false)
    expect(compare.cells.size).toBeGreaterThan(0)
    expect(compare.cells.size).toBeLessThan(4)
    expect(compare.active).toBe(false)
  })

  it('compares the open lab as it is in the editor', async () => {
    await openBuiltin('counted')
    const params = { disturbance: { default: 'none', values } }
    useLab().edit('lab.json', JSON.stringify({ title: 'mine', params }))
    expect(useCompare().models.map((one) => one.title)).toEqual(['mine', 'fenced'])
  })

  it('says what went wrong when the kernel refuses', async () => {
    const compare = useCompare()
    host.loadBuiltin = () => Promise.reject(new Error('no such lab'))
    await compare.start()
    expect(compare.state).toBe('failed')
    expect(compare.error).toBe('no such lab')
  })

  it('opens the model of a cell and replays the schedule that decided it', async () => {
    const compare = useCompare()
    await compare.start()
    await openComparedCell(compare.cells.get(cellKey('fenced', 'unplug'))!)
    expect(useLab().id).toBe('fenced')
    expect(useSession().options()).toMatchObject({
      seed: 5,
      strategy: 'replay',
      params: { disturbance: 'unplug' },
    })
    expect(useKernel().status.state).toBe('ended')
    expect(useCursor().findingIndex).toBe(0)
    expect(compare.cells.size).toBe(4)
  })

  it('stays with unsaved work when the person says so', async () => {
    const compare = useCompare()
    await openBuiltin('bug-01-broken')
    await compare.start()
    useLab().edit('driver.ts', '// mine')
    host.answer = false
    await openComparedCell(compare.cells.get(cellKey('fenced', 'unplug'))!)
    expect(useLab().id).toBe('bug-01-broken')
    expect(useSession().strategy).not.toBe('replay')
  })
})
