import type { Finding } from '../../src-sim/protocol'

/** A finding as the command line's contract has it in every JSON document. */
export const findingDocument = (f: Finding) => ({
  kind: f.kind,
  title: f.title,
  signature: f.signature,
  file: f.file,
  line: f.line,
  step: f.step,
  timeNs: f.timeNs,
  rules: f.rules,
})
