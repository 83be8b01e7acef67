import { defineStore } from 'pinia'
import { computed, reactive, ref, watch } from 'vue'

export const THEMES = ['system', 'dark', 'light', 'contrast-dark', 'contrast-light'] as const
export type ThemeChoice = (typeof THEMES)[number]
export type Theme = Exclude<ThemeChoice, 'system'>

export const SPEEDS = ['max', '100', '20', '5', '1'] as const
/** Steps a second, or as fast as possible. */
export type Speed = (typeof SPEEDS)[number]

export interface Settings {
  theme: ThemeChoice
  /** Multiplies every font size; a lecture hall wants 1.5. */
  zoom: number
  fontSize: number
  wordWrap: boolean
  minimap: boolean
  motion: 'system' | 'reduced'
  speed: Speed
  /** Run again after every edit that compiles. */
  autoRun: boolean
  preset: 'vscode' | 'classroom'
  /** Command id -> key, over the defaults; an empty string unbinds. */
  keys: Record<string, string>
  welcomeDismissed: boolean
  lastLab: string
}

export const DEFAULTS: Settings = {
  theme: 'system',
  zoom: 1,
  fontSize: 13,
  wordWrap: false,
  minimap: false,
  motion: 'system',
  speed: 'max',
  autoRun: false,
  preset: 'vscode',
  keys: {},
  welcomeDismissed: false,
  lastLab: '',
}

/** Where settings, layouts and the like are kept between starts. */
export interface KeyValueStore {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<void>
}

/** Personal choices. They never travel in a bundle. */
export const useSettings = defineStore('settings', () => {
  const values = reactive<Settings>({ ...DEFAULTS, keys: {} })
  const systemDark = ref(true)
  const systemContrast = ref(false)
  const systemReduced = ref(false)
  let store: KeyValueStore | null = null

  /** What is shown now, with `system` resolved. */
  const theme = computed<Theme>(() => {
    if (values.theme !== 'system') return values.theme
    const tone = systemDark.value ? 'dark' : 'light'
    return systemContrast.value ? `contrast-${tone}` : tone
  })
  const dark = computed(() => theme.value === 'dark' || theme.value === 'contrast-dark')
  const reducedMotion = computed(() => values.motion === 'reduced' || systemReduced.value)

  async function load(from: KeyValueStore): Promise<void> {
    store = from
    const saved = await from.get('settings')
    if (saved && typeof saved === 'object') Object.assign(values, sane(saved as Partial<Settings>))
  }

  watch(values, () => void store?.set('settings', JSON.parse(JSON.stringify(values))))

  function reset(): void {
    Object.assign(values, { ...DEFAULTS, keys: {} })
  }

  return {
    values,
    systemDark,
    systemContrast,
    systemReduced,
    theme,
    dark,
    reducedMotion,
    load,
    reset,
  }
})

/** Keeps only what has the shape of a setting; a damaged file must not damage the window. */
export function sane(saved: Partial<Settings>): Partial<Settings> {
  const out: Record<string, unknown> = {}
  for (const [key, fallback] of Object.entries(DEFAULTS)) {
    const value = (saved as Record<string, unknown>)[key]
    if (typeof value === typeof fallback && value !== null) out[key] = value
  }
  if (!THEMES.includes(out.theme as ThemeChoice)) delete out.theme
  if (!SPEEDS.includes(out.speed as Speed)) delete out.speed
  return out as Partial<Settings>
}
