/// <reference path="../../../../src-renderer/env.d.ts" />
import { createPinia, setActivePinia } from 'pinia'
import { createApp, h } from 'vue'
import { setHost } from '../../../../src-renderer/workbench/place'
import { useCursor, useFindings, useKernel, useSettings } from '../../../../src-renderer/workbench/stores'
import { followTheme } from '../../../../src-renderer/workbench/theme'
import '../../../../src-renderer/styles/tokens.css'
import '../../../../src-renderer/styles/base.css'
import InspectorPanel from '../../../../src-renderer/inspector'
import TimelinePanel from '../../../../src-renderer/timeline'
import TopologyPanel from '../../../../src-renderer/topology'
import type { Connection } from '../../../../src-sim/protocol'
import { fakeHost } from '../../fake-host'
import KernelWorker from './kernel?worker'

const query = new URLSearchParams(location.search)

function connect(): Connection {
  const worker = new KernelWorker({ name: location.search })
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => {
      worker.addEventListener('message', (event) => listener(event.data))
      return () => undefined
    },
    onClose: () => () => undefined,
    close: () => worker.terminate(),
  }
}

const PANELS = { timeline: TimelinePanel, topology: TopologyPanel, inspector: InspectorPanel }
const shown = (query.get('panels') ?? 'timeline').split(',') as (keyof typeof PANELS)[]

setHost(fakeHost())
setActivePinia(createPinia())
useSettings().values.theme = (query.get('theme') ?? 'dark') as 'dark'
followTheme()
createApp({
  render: () =>
    h('div', { style: 'display:grid;height:100%;grid-auto-flow:column;grid-auto-columns:1fr;gap:1px' }, shown.map((id) =>
      h('section', { style: 'min-width:0;min-height:0;overflow:hidden' }, h(PANELS[id])),
    )),
}).mount('#app')
const kernel = useKernel()
await kernel.attach(connect)
const { status } = await kernel.api.open({ id: 'synthetic', files: {} }, {})
kernel.accept(status)
kernel.newEpoch()
Object.assign(globalThis, { kernel, cursor: useCursor(), findings: useFindings(), settings: useSettings() })
