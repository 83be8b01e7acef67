/** The declarations of everything a lab can import: path and text, and where specifiers lead. */
export interface DriverApi {
  files: Record<string, string>
  paths: Record<string, string[]>
}
export function driverApi(): DriverApi
export function writeDriverApi(): void
export function ensureDriverApi(): void
