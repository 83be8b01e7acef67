import * as v from 'valibot'

const Text = v.string()
const Count = v.number()

const Frame = v.object({
  function: Text,
  file: v.nullable(Text),
  line: Count,
  column: Count,
  module: v.nullable(Text),
})

const Stack = v.object({
  role: Text,
  context: Text,
  pid: Count,
  cpu: Count,
  timeNs: Count,
  step: Count,
  frames: v.array(Frame),
})

const Finding = v.object({
  kind: Text,
  title: Text,
  report: v.array(Text),
  signature: Text,
  file: v.nullable(Text),
  line: Count,
  column: Count,
  step: Count,
  timeNs: Count,
  stacks: v.array(Stack),
  objects: v.array(v.object({ id: Count, type: Text, name: Text })),
  rules: v.array(Text),
  help: v.optional(Text),
})

const DmesgLine = v.object({
  level: Count,
  timeNs: Count,
  text: Text,
  cpu: Count,
  context: Text,
  step: Count,
  event: Count,
  file: v.nullable(Text),
  line: Count,
  finding: v.nullable(Count),
})

/** What a run had to say, as a bundle keeps it beside the trace. Comes from strangers: checked. */
export const RunReport = v.object({ findings: v.array(Finding), dmesg: v.array(DmesgLine) })
export type RunReport = v.InferOutput<typeof RunReport>
