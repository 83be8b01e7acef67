import { watchEffect } from 'vue'
import { useSettings } from './stores/settings'

/** A colour token as it is now, for canvases and for Monaco: `tokenColour('cat-1')`. */
export function tokenColour(name: string): string {
  return longHex(getComputedStyle(document.documentElement).getPropertyValue(`--k-${name}`).trim())
}

/** The build shortens `#ffffff` to `#fff`, which Monaco refuses. */
export function longHex(colour: string): string {
  if (!/^#[0-9a-f]{3,4}$/i.test(colour)) return colour
  return `#${[...colour.slice(1)].map((digit) => digit + digit).join('')}`
}

/** Keeps the document in step with the settings and with the system. */
export function followTheme(): void {
  const settings = useSettings()
  media('(prefers-color-scheme: dark)', (on) => (settings.systemDark = on))
  media('(prefers-contrast: more)', (on) => (settings.systemContrast = on))
  media('(prefers-reduced-motion: reduce)', (on) => (settings.systemReduced = on))
  watchEffect(
    () => {
      const root = document.documentElement
      root.dataset.theme = settings.theme
      root.dataset.motion = settings.reducedMotion ? 'reduced' : 'full'
      root.style.setProperty('--k-zoom', String(settings.values.zoom))
    },
    { flush: 'sync' },
  )
}

function media(query: string, tell: (on: boolean) => void): void {
  const list = matchMedia(query)
  tell(list.matches)
  list.addEventListener('change', (event) => tell(event.matches))
}
