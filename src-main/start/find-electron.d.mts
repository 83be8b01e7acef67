/** Electron's binary, or null when it has not been downloaded. */
export function findElectron(): string | null
