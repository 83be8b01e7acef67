import type { LabSummary } from '../../../src-sim/protocol'
import { score } from '../commands/score'

const RANKS: Record<string, number> = { intro: 0, medium: 1, hard: 2 }
const rank = (lab: LabSummary): number => RANKS[lab.difficulty] ?? 3

/** Labs that pass a filter, by subsystem; what is easy to begin with comes first. */
export function galleryGroups(
  labs: readonly LabSummary[],
  filter: string,
): [subsystem: string, labs: LabSummary[]][] {
  const groups = new Map<string, LabSummary[]>()
  for (const lab of labs) {
    const text = `${lab.title} ${lab.id} ${lab.subsystem} ${lab.about.join(' ')}`
    if (filter.trim() && score(filter, text) === null) continue
    const name = lab.subsystem || 'other'
    groups.set(name, [...(groups.get(name) ?? []), lab])
  }
  for (const list of groups.values()) list.sort((a, b) => rank(a) - rank(b))
  return [...groups].sort(
    ([a, one], [b, other]) => rank(one[0]!) - rank(other[0]!) || (a < b ? -1 : 1),
  )
}
