import type { Trace } from '../trace'
import { exportChrome } from './chrome'
import { exportCsv } from './csv'
import { exportCtf } from './ctf'
import { exportFtrace } from './ftrace'
import { exportNdjson } from './ndjson'
import { exportPerfetto } from './perfetto'
import { tar } from './tar'
import { exportText } from './text'
import { exportTraceDat } from './trace-dat'

export interface Exporter {
  readonly mime: string
  readonly extension: string
  readonly title: string
  /** The parts of the file, in order. Text is UTF-8. */
  export(trace: Trace): Iterable<Uint8Array | string>
}

export const EXPORT_FORMATS = [
  'perfetto', 'chrome', 'ftrace', 'trace.dat', 'ctf', 'ndjson', 'csv', 'text',
] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

export const exporters: Record<ExportFormat, Exporter> = {
  perfetto: {
    mime: 'application/octet-stream', extension: 'pftrace', title: 'Perfetto',
    export: exportPerfetto,
  },
  chrome: {
    mime: 'application/json', extension: 'json', title: 'Chrome trace', export: exportChrome,
  },
  ftrace: {
    mime: 'text/plain', extension: 'ftrace.txt', title: 'ftrace text', export: exportFtrace,
  },
  'trace.dat': {
    mime: 'application/octet-stream', extension: 'trace.dat', title: 'trace.dat',
    export: exportTraceDat,
  },
  ctf: {
    mime: 'application/x-tar', extension: 'ctf.tar', title: 'CTF',
    export: (trace) => tar(exportCtf(trace)),
  },
  ndjson: {
    mime: 'application/x-ndjson', extension: 'ndjson', title: 'JSON lines', export: exportNdjson,
  },
  csv: { mime: 'text/csv', extension: 'csv', title: 'Table (CSV)', export: exportCsv },
  text: { mime: 'text/plain', extension: 'txt', title: 'Plain text', export: exportText },
}
