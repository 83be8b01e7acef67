import { TONE_SHAPE } from '../inspector/lifecycles'
import { glyphSvg } from '../timeline/glyphs'
import { KINDS } from '../timeline/kinds'
import type { Graph, GraphEdge, GraphNode } from './graph'
import { NODE_HEIGHT, NODE_WIDTH, type Flow, type Point } from './placement'

type Colour = (token: string) => string

const PAD = 24
const TONE_TOKEN = { live: 'life-live', busy: 'accent', going: 'life-going', dead: 'life-dead', none: 'life-none' } as const

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!)
}

/** Where the nodes of a picture are, and where its edges point. */
interface Places {
  readonly flow: Flow
  at(id: string): Point | undefined
}

/** The picture as a file that needs nothing else. */
export function graphSvg(graph: Graph, places: Places, colour: Colour): string {
  const points = graph.nodes.map((node) => places.at(node.id) ?? { x: 0, y: 0 })
  const left = Math.min(0, ...points.map((p) => p.x)) - PAD
  const top = Math.min(0, ...points.map((p) => p.y)) - PAD
  const width = Math.max(...points.map((p) => p.x)) + NODE_WIDTH + PAD - left
  const height = Math.max(...points.map((p) => p.y)) + NODE_HEIGHT + PAD - top
  const edges = graph.edges.map((edge) => edgeSvg(edge, places, colour))
  const nodes = graph.nodes.map((node, i) => nodeSvg(node, points[i]!, colour))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${left} ${top} ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif">`,
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="${colour('panel')}"/>`,
    ...edges,
    ...nodes,
    '</svg>',
  ].join('\n')
}

function edgeSvg(edge: GraphEdge, places: Places, colour: Colour): string {
  const [a, b] = [places.at(edge.from), places.at(edge.to)]
  if (!a || !b) return ''
  const path = places.flow === 'down' ? downwards(a, b) : rightwards(a, b)
  const stroke = edge.dangling ? colour('life-dead') : colour('dim')
  const dash = edge.part || edge.dangling ? ' stroke-dasharray="4 3"' : ''
  const line = `<path d="${path}" fill="none" stroke="${stroke}"${dash}/>`
  if (!edge.why) return line
  const x = (a.x + b.x + NODE_WIDTH) / 2
  const y = (a.y + b.y + NODE_HEIGHT) / 2
  return `${line}<text x="${x}" y="${y - 4}" text-anchor="middle" font-size="10" fill="${colour('dim')}">${escape(edge.why)}</text>`
}

function rightwards(a: Point, b: Point): string {
  const [x0, y0, x1, y1] = [a.x + NODE_WIDTH, a.y + NODE_HEIGHT / 2, b.x, b.y + NODE_HEIGHT / 2]
  const bend = Math.max(30, Math.abs(x1 - x0) / 2)
  return `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`
}

function downwards(a: Point, b: Point): string {
  const [x0, y0, x1, y1] = [a.x + NODE_WIDTH / 2, a.y + NODE_HEIGHT, b.x + NODE_WIDTH / 2, b.y]
  const bend = Math.max(20, Math.abs(y1 - y0) / 2)
  return `M${x0} ${y0}C${x0} ${y0 + bend} ${x1} ${y1 - bend} ${x1} ${y1}`
}

function nodeSvg(node: GraphNode, { x, y }: Point, colour: Colour): string {
  const tone = node.state ? colour(TONE_TOKEN[node.state.tone]) : colour('border-strong')
  const state = node.state ? `${TONE_SHAPE[node.state.tone]} ${node.state.title}` : ''
  return [
    `<g transform="translate(${x} ${y})"${node.freed ? ' opacity="0.6"' : ''}>`,
    `<rect width="${NODE_WIDTH}" height="${NODE_HEIGHT}" rx="5" fill="${colour('raised')}" stroke="${tone}"${node.freed ? ' stroke-dasharray="4 3"' : ''}/>`,
    `<path transform="translate(6 6) scale(.9)" fill-rule="evenodd" d="${glyphSvg(KINDS[node.kind].glyph)}" fill="${colour(KINDS[node.kind].colour)}"/>`,
    `<text x="26" y="18" font-size="12" fill="${colour('text')}">${escape(node.title)}</text>`,
    `<text x="26" y="36" font-size="10.5" fill="${tone}">${escape(state)}</text>`,
    '</g>',
  ].join('')
}
