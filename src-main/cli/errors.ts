/** Something the person can correct: one sentence that says what to do. Exit code 2. */
export class UsageError extends Error {}
