import type * as Monaco from 'monaco-editor/editor'
import { tokenColour } from '../workbench/theme'

const BASES = {
  dark: 'vs-dark',
  light: 'vs',
  'contrast-dark': 'hc-black',
  'contrast-light': 'hc-light',
} as const

/** Monaco's theme, from the same tokens as the rest of the window. */
export function applyTheme(monaco: typeof Monaco, theme: keyof typeof BASES): void {
  const colour = (name: string): string => tokenColour(name)
  const bare = (name: string): string => colour(name).replace('#', '')
  monaco.editor.defineTheme('klab', {
    base: BASES[theme],
    inherit: true,
    rules: [
      { token: '', foreground: bare('code-name') },
      { token: 'keyword', foreground: bare('code-keyword') },
      { token: 'string', foreground: bare('code-string') },
      { token: 'number', foreground: bare('code-number') },
      { token: 'comment', foreground: bare('code-comment') },
      { token: 'type', foreground: bare('code-type') },
      { token: 'regexp', foreground: bare('code-number') },
    ],
    colors: {
      'editor.background': colour('editor'),
      'editor.foreground': colour('text'),
      'editorGutter.background': colour('editor'),
      'editorLineNumber.foreground': colour('faint'),
      'editorLineNumber.activeForeground': colour('text'),
      'editor.selectionBackground': colour('select'),
      'editor.lineHighlightBackground': colour('select-soft'),
      'editor.lineHighlightBorder': colour('select-soft'),
      'editorCursor.foreground': colour('accent'),
      'editorWidget.background': colour('raised'),
      'editorWidget.border': colour('border-strong'),
      'editorHoverWidget.background': colour('raised'),
      'editorHoverWidget.border': colour('border-strong'),
      'editorSuggestWidget.background': colour('raised'),
      'editorSuggestWidget.selectedBackground': colour('select'),
      'editorError.foreground': colour('error'),
      'editorWarning.foreground': colour('warning'),
      'editorIndentGuide.background1': colour('border'),
      focusBorder: colour('focus'),
      'scrollbar.shadow': '#00000000',
      'editorStickyScroll.background': colour('editor'),
      'editorStickyScrollHover.background': colour('hover'),
    },
  })
  monaco.editor.setTheme('klab')
}
