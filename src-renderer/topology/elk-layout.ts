import ELK, { type ELK as Elk, type ElkNode } from 'elkjs/lib/elk-api.js'
import ElkWorker from 'elkjs/lib/elk-worker.min.js?worker'
import type { Graph } from './graph'
import { NODE_HEIGHT, NODE_WIDTH, type Point } from './placement'

let elk: Elk | null = null

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'RIGHT',
  'elk.layered.spacing.nodeNodeBetweenLayers': '90',
  'elk.spacing.nodeNode': '22',
  'elk.spacing.componentComponent': '40',
  'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
  'elk.aspectRatio': '1.6',
}

/** Lays a graph out in a worker, which stays for the next time. */
export async function layOutGraph(graph: Graph): Promise<Map<string, Point>> {
  elk ??= new ELK({ workerFactory: () => new ElkWorker() })
  const answer: ElkNode = await elk.layout({
    id: 'root',
    layoutOptions: OPTIONS,
    children: graph.nodes.map((node) => ({ id: node.id, width: NODE_WIDTH, height: NODE_HEIGHT })),
    edges: graph.edges.map((edge) => ({ id: edge.id, sources: [edge.from], targets: [edge.to] })),
  })
  return new Map(answer.children?.map((child) => [child.id, { x: child.x ?? 0, y: child.y ?? 0 }]))
}
