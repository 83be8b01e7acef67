import type * as Monaco from 'monaco-editor/editor'
import type { Breakpoint, Finding, Frame } from '../../src-sim/protocol'
import { tokenColour } from '../workbench/theme'

type Decoration = Monaco.editor.IModelDeltaDecoration

function line(at: number): Monaco.IRange {
  return { startLineNumber: at, startColumn: 1, endLineNumber: at, endColumn: 1 }
}

export function breakpointDecorations(list: readonly Breakpoint[], file: string): Decoration[] {
  return list
    .filter((one) => one.file === file)
    .map((one) => ({
      range: line(one.line),
      options: {
        glyphMarginClassName: 'ed-breakpoint',
        glyphMarginHoverMessage: { value: 'Breakpoint. Click or press F9 to take it away.' },
        // A breakpoint stays on its statement while lines above are typed.
        stickiness: 1,
      },
    }))
}

export function cursorDecoration(place: Frame | null, file: string, past: boolean): Decoration[] {
  if (place?.file !== file) return []
  return [
    {
      range: line(place.line),
      options: {
        isWholeLine: true,
        className: past ? 'ed-here ed-here-past' : 'ed-here',
        glyphMarginClassName: 'ed-here-glyph',
        glyphMarginHoverMessage: { value: `Running here at the cursor: \`${place.function}\`` },
        overviewRuler: { color: tokenColour('warning'), position: 4 },
      },
    },
  ]
}

/** Lines that a finding names, with what happened there. */
export function findingDecorations(list: readonly Finding[], file: string): Decoration[] {
  const notes = new Map<number, Set<string>>()
  const note = (at: number, text: string): void => {
    const set = notes.get(at) ?? new Set<string>()
    notes.set(at, set.add(text))
  }
  const marked = new Set<number>()
  for (const finding of list) {
    if (finding.file === file) {
      marked.add(finding.line)
      note(finding.line, `**${escape(finding.title)}**  \n\`${finding.kind}\``)
    }
    for (const stack of finding.stacks) {
      const frame = stack.frames.find((one) => one.file !== null)
      if (frame?.file !== file || finding.line === frame.line) continue
      note(frame.line, `*${escape(stack.role)}* in ${escape(finding.title)}`)
    }
  }
  return [...notes].map(([at, texts]) => ({
    range: line(at),
    options: {
      isWholeLine: true,
      className: marked.has(at) ? 'ed-finding' : 'ed-related',
      linesDecorationsClassName: marked.has(at) ? 'ed-finding-edge' : 'ed-related-edge',
      hoverMessage: [...texts].map((value) => ({ value })),
      ...(marked.has(at) && { overviewRuler: { color: tokenColour('error'), position: 2 } }),
    },
  }))
}

function escape(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!|<>]/g, '\\$&')
}
