/// <reference types="vite/client" />
import { startWorkbench } from '../../../src-renderer/workbench/start'
import { fakeHost } from '../fake-host'

const query = new URLSearchParams(location.search)
const number = (name: string): number | undefined =>
  query.has(name) ? Number(query.get(name)) : undefined
const options = Object.fromEntries(
  ['steps', 'logLines', 'findings']
    .map((name) => [name, number(name)])
    .filter(([, value]) => value !== undefined),
)
const host = fakeHost(options as never)
if (import.meta.env.VITE_REAL && query.has('real')) (await import('./real')).makeReal(host)
// The double keeps its journal in memory; here it has to survive a reload.
const kept = sessionStorage.getItem('journal')
host.journal = kept === null ? null : JSON.parse(kept)
host.storeJournal = (entry) => {
  sessionStorage.setItem('journal', JSON.stringify(entry))
  host.journal = entry
  return Promise.resolve()
}
Object.assign(globalThis, { fakeHost: host })
void startWorkbench(host)
