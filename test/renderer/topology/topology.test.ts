import { describe, expect, it } from 'vitest'
import type { HoldEdge, ObjectState, StateView } from '../../../src-sim/trace/types'
import { buildGraph, type GraphOptions } from '../../../src-renderer/topology/graph'
import { flowFor, NODE_HEIGHT, NODE_WIDTH, Placement } from '../../../src-renderer/topology/placement'
import { graphSvg } from '../../../src-renderer/topology/svg'

const object = (id: number, type: string, more: Partial<ObjectState> = {}): ObjectState => ({
  id, type, name: `${type}${id}`, parent: 0, status: 'alive', allocEvent: 0, freeEvent: -1, refs: null, facets: [], slices: [], ...more,
})
const hold = (holder: number, held: number, why: string, count = 1): HoldEdge => ({
  holder, held, why, count, counted: false, sinceEvent: 0,
})
const reference = (holder: number, held: number, why: string): HoldEdge => ({ ...hold(holder, held, why), counted: true })
const view = (objects: ObjectState[], edges: HoldEdge[] = []): StateView => ({ event: 0, timeNs: 0, step: 0, objects, edges, cpus: [] })
const options: GraphOptions = { filter: '', opened: new Set(), shut: new Set(), nodesMax: 150 }
const facet = (name: string, value = name) => ({ facet: name, value, target: 0, sinceEvent: 0 })

describe('the graph of who holds whom', () => {
  const objects = [
    object(1, 'device', { refs: 1, facets: [facet('state', 'zombie')] }),
    object(2, 'pci_driver', { facets: [facet('registered')] }),
    object(3, 'task'),
    object(4, 'demo', { status: 'freed' }),
    object(5, 'work_struct', { parent: 4, facets: [facet('queued')] }),
    object(6, 'spinlock'),
  ]
  const graph = buildGraph(view(objects, [hold(2, 1, 'driver binding', 2), hold(2, 1, 'extra'), hold(5, 4, 'work queued')]), options)

  it('shows what matters and leaves the rest out', () => {
    expect(graph.nodes.map((node) => node.object)).toEqual([1, 2, 4, 5])
    expect(graph.hidden).toBe(2)
  })

  it('shows a device once, not its bus structure too', () => {
    const both = view([object(1, 'device', { refs: 2 }), object(2, 'pci_dev')])
    expect(buildGraph(both, options).nodes.map((node) => node.object)).toEqual([1])
  })

  it('joins several reasons into one edge with counts', () => {
    expect(graph.edges.find((edge) => edge.from === 'o2')!.why).toBe('driver binding ×2, extra')
  })

  it('marks what is held though it is freed, and ghosts it', () => {
    expect(graph.edges.find((edge) => edge.from === 'o5')).toMatchObject({ to: 'o4', dangling: true })
    expect(graph.nodes.find((node) => node.object === 4)).toMatchObject({ freed: true, state: { id: 'freed' } })
    expect(graph.nodes.find((node) => node.object === 5)).toMatchObject({ freed: true, state: { id: 'queued' } })
    expect(graph.nodes.find((node) => node.object === 1)!.state).toMatchObject({ title: 'Zombie', tone: 'dead' })
  })

  it('leaves out the lists of the driver core, but not what keeps a device that is gone', () => {
    const kept = (edge: HoldEdge) => 
      buildGraph(view(objects, [edge]), options).edges.some((one) => !one.part)
    expect(kept(reference(2, 1, 'list of the bus'))).toBe(false)
    expect(kept(reference(3, 1, 'creator'))).toBe(false)
    expect(kept(reference(2, 1, 'taken in demo_open()'))).toBe(true)
    expect(kept(reference(3, 4, 'creator'))).toBe(true)
    const set = [object(1, 'kset', { status: 'static' }), object(2, 'module', { refs: 1 })]
    const graph = buildGraph(view(set, [reference(2, 1, 'created in demo_init()')]), options)
    expect(graph.nodes.map((node) => node.object)).toEqual([2])
  })

  it('filters by name, type and state', () => {
    expect(buildGraph(view(objects), { ...options, filter: 'zombie' }).nodes.map((n) => n.object)).toEqual([1])
  })

  it('closes the largest groups when there is too much, and opens what is asked for', () => {
    const many = Array.from({ length: 300 }, (_, i) => object(i + 10, i < 250 ? 'demo' : 'pci_driver'))
    const closed = buildGraph(view(many, [hold(260 + 9, 12, 'x'), hold(260 + 9, 13, 'x')]), options)
    expect(closed.nodes).toHaveLength(51)
    expect(closed.closed).toEqual([{ kind: 'memory', count: 250 }])
    expect(closed.edges).toMatchObject([{ to: 'g:memory', why: 'x ×2' }])
    expect(buildGraph(view(many), { ...options, opened: new Set(['memory']) }).nodes).toHaveLength(251)
    expect(buildGraph(view(many), { ...options, shut: new Set(['driver']), nodesMax: 999 }).nodes).toHaveLength(251)
  })
})

describe('placing', () => {
  const graph = buildGraph(view([object(1, 'device', { refs: 1 }), object(2, 'pci_driver')], [hold(2, 1, 'driver binding')]), options)

  it('wants a layout at first and never for one more node', () => {
    const placement = new Placement()
    expect(placement.needsLayout(graph)).toBe(true)
    placement.set('o1', { x: 0, y: 0 })
    placement.set('o2', { x: 300, y: 0 })
    expect(placement.needsLayout(graph)).toBe(false)
    const more = buildGraph(view([object(1, 'device', { refs: 1 }), object(2, 'pci_driver'), object(3, 'module')], [hold(2, 3, 'driver text')]), options)
    expect(placement.needsLayout(more)).toBe(false)
    placement.placeMissing(more)
    expect(placement.at('o1')).toEqual({ x: 0, y: 0 })
    expect(placement.at('o2')).toEqual({ x: 300, y: 0 })
    expect(placement.at('o3')).toMatchObject({ x: 300, y: NODE_HEIGHT + 44 })
  })

  it('lets edges point down, but to the right in a panel that is very wide', () => {
    expect([flowFor(400, 300), flowFor(300, 600), flowFor(1400, 300)]).toEqual(['down', 'down', 'right'])
    const placement = new Placement()
    placement.flow = 'right'
    placement.set('o2', { x: 0, y: 0 })
    placement.placeMissing(graph)
    expect(placement.at('o1')).toEqual({ x: NODE_WIDTH + 90, y: 0 })
  })

  it('puts a node that comes back where it was', () => {
    const placement = new Placement()
    placement.placeMissing(graph)
    const before = placement.at('o1')
    placement.placeMissing(buildGraph(view([object(2, 'pci_driver')]), options))
    placement.placeMissing(graph)
    expect(placement.at('o1')).toBe(before)
  })

  it('never puts two nodes on one place', () => {
    const placement = new Placement()
    const objects = Array.from({ length: 40 }, (_, i) => object(i + 1, 'pci_dev'))
    const star = buildGraph(view(objects, objects.slice(1).map((o) => hold(1, o.id, 'x'))), options)
    placement.placeMissing(star)
    const points = star.nodes.map((node) => placement.at(node.id)!)
    points.forEach((a, i) =>
      points.slice(i + 1).forEach((b) => {
        expect(Math.abs(a.x - b.x) >= NODE_WIDTH || Math.abs(a.y - b.y) >= NODE_HEIGHT).toBe(true)
      }),
    )
  })

  it('writes a picture that can stand alone', () => {
    const named = buildGraph(view([object(1, 'device', { refs: 1, name: 'a<b>' })]), options)
    const svg = graphSvg(named, { flow: 'down', at: () => ({ x: 10, y: 20 }) }, () => '#123456')
    expect(svg).toContain('a&lt;b&gt;')
    expect(svg).toMatch(/^<svg xmlns[\s\S]*<\/svg>$/)
    expect(svg).not.toContain('var(')
  })
})
