import ELK, { type ELK as Elk, type ElkNode } from 'elkjs/lib/elk-api.js'
import ElkWorker from 'elkjs/lib/elk-worker.min.js?worker'
import type { Graph } from './graph'
import { NODE_HEIGHT, NODE_WIDTH, type Flow, type Point } from './placement'

let elk: Elk | null = null

/** Room for the labels of edges: their length to the right, their height downwards. */
const BETWEEN_LAYERS = { right: '90', down: '44' }

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.spacing.nodeNode': '22',
  'elk.spacing.componentComponent': '40',
  'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
}

/** Lays a graph out in a worker, which stays for the next time; `aspect` is width by height. */
export async function layOutGraph(graph: Graph, flow: Flow, aspect: number): Promise<Map<string, Point>> {
  elk ??= new ELK({ workerFactory: () => new ElkWorker() })
  const answer: ElkNode = await elk.layout({
    id: 'root',
    layoutOptions: {
      ...OPTIONS,
      'elk.direction': flow.toUpperCase(),
      'elk.layered.spacing.nodeNodeBetweenLayers': BETWEEN_LAYERS[flow],
      'elk.aspectRatio': aspect.toFixed(2),
    },
    children: graph.nodes.map((node) => ({ id: node.id, width: NODE_WIDTH, height: NODE_HEIGHT })),
    edges: graph.edges.map((edge) => ({ id: edge.id, sources: [edge.from], targets: [edge.to] })),
  })
  return new Map(answer.children?.map((child) => [child.id, { x: child.x ?? 0, y: child.y ?? 0 }]))
}
