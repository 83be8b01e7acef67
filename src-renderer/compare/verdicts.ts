import type { Verdict } from '../../src-sim/protocol'
import type { IconName } from '../workbench/parts/icons'

/** How a verdict looks; a mark and a word each, so that nobody has to tell colours apart. */
export const VERDICT_LOOKS: Record<Verdict, { word: string; icon: IconName; means: string }> = {
  safe: { word: 'safe', icon: 'check', means: 'Every schedule tried ended well.' },
  leak: { word: 'leak', icon: 'stop', means: 'Something is never let go.' },
  hang: { word: 'hang', icon: 'pause', means: 'Somebody waits for ever.' },
  finding: { word: 'broken', icon: 'finding', means: 'Something gone is still used.' },
}
