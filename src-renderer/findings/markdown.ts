import type { Finding, Frame, SessionStatus } from '../../src-sim/protocol'
import { formatTime } from '../workbench/format'

export function placeOf(frame: Pick<Frame, 'file' | 'line' | 'column'>): string {
  return frame.file === null ? 'kernel' : `${frame.file}:${frame.line}:${frame.column}`
}

/** One frame in the kernel's spelling: `demo_work+0x0 [demo] driver.ts:40:3`. */
export function frameText(frame: Frame): string {
  const module = frame.module ? ` [${frame.module}]` : ''
  const place = frame.file === null ? '' : ` ${placeOf(frame)}`
  return `${frame.function}${module}${place}`
}

function stackText(stack: Finding['stacks'][number]): string {
  const head =
    `### ${stack.role}\n\n` +
    `CPU ${stack.cpu}, ${stack.context} (pid ${stack.pid}), ` +
    `step ${stack.step}, ${formatTime(stack.timeNs)}\n`
  return `${head}\n\`\`\`\n${stack.frames.map((frame) => ` ${frameText(frame)}`).join('\n')}\n\`\`\``
}

/** A finding with everything that someone else needs to see it happen again. */
export function bugReport(
  finding: Finding,
  status: SessionStatus,
  klab: string,
  modified: boolean,
): string {
  const facts: [string, string][] = [
    ['lab', modified ? `${status.lab} (edited)` : status.lab],
    ['klab', klab],
    ['seed', String(status.seed)],
    ['strategy', status.strategy],
    ['trace hash', status.traceHash || '(the run is not over)'],
    ['kind', finding.kind],
    ['signature', finding.signature],
    ['where', finding.file ? `${finding.file}:${finding.line}:${finding.column}` : 'kernel'],
    ['when', `step ${finding.step}, ${formatTime(finding.timeNs)}`],
    ['rules', finding.rules.join(', ') || 'none named'],
  ]
  return [
    `## ${finding.title}`,
    '',
    ...facts.map(([name, value]) => `- **${name}**: ${value}`),
    '',
    '### Report',
    '',
    '```',
    ...finding.report,
    '```',
    '',
    ...finding.stacks.map(stackText),
    '',
    ...(finding.objects.length > 0
      ? ['### Objects', '', ...finding.objects.map((o) => `- #${o.id} \`${o.type}\` ${o.name}`)]
      : []),
    '',
    'To see it again, run the lab with this seed and strategy, or open the exported bundle.',
    '',
  ].join('\n')
}
