import type { ExportFormat } from '../../../src-sim/protocol'
import { host } from '../place'
import { useKernel, useMarks, useToasts } from '../stores'

export interface ExportInfo {
  id: ExportFormat
  title: string
  detail: string
}

export const EXPORTS: readonly ExportInfo[] = [
  { id: 'perfetto', title: 'Perfetto trace', detail: 'Protobuf, for ui.perfetto.dev' },
  { id: 'chrome', title: 'Chrome trace (JSON)', detail: 'chrome://tracing, speedscope' },
  { id: 'ftrace', title: 'ftrace text', detail: 'As trace-cmd report prints it' },
  { id: 'trace.dat', title: 'trace.dat', detail: 'For KernelShark and trace-cmd' },
  { id: 'ctf', title: 'CTF', detail: 'For Trace Compass and babeltrace' },
  { id: 'ndjson', title: 'Events as NDJSON', detail: 'One JSON object a line' },
  { id: 'csv', title: 'Events as CSV', detail: 'For a spreadsheet' },
  { id: 'text', title: 'Events as text', detail: 'For reading and diffing' },
]

export async function exportTrace(format: ExportFormat): Promise<void> {
  const file = await useKernel().api.exportTrace(format)
  await deliver(file.name, file.bytes, file.mime)
}

export async function exportBundle(notes?: string): Promise<void> {
  const file = await useKernel().api.bundle(notes, useMarks().all())
  await deliver(file.name, file.bytes, 'application/zip')
}

async function deliver(name: string, bytes: Uint8Array, mime: string): Promise<void> {
  const where = await host().saveFile(name, bytes, mime)
  if (where !== null) useToasts().show('success', `Saved ${where}.`)
}
