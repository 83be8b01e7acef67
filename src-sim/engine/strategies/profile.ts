/** What is known of a lab before a schedule of it is drawn. */
export interface Profile {
  /** About how often each actor (actor.ts) has its turn. */
  lengths: ReadonlyMap<string, number>
  /** About how many choices a schedule has. */
  choices: number
}
