/** Which part of a search is run here: the branches whose first choices fall to this share. */
export interface SearchShare {
  readonly index: number
  readonly of: number
}
