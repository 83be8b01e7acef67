/**
 * Structures of programs, which calls take as objects. Answers how much could not be copied, as
 * `copy_from_user` does: all, when there is no structure.
 */
export function copyFields<T extends object>(to: T, user: unknown): number {
  if (user === null || typeof user !== 'object') return 1
  for (const key of Object.keys(to)) {
    const value = (user as Record<string, unknown>)[key]
    if (value !== undefined) (to as Record<string, unknown>)[key] = value
  }
  return 0
}
