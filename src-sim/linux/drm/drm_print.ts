import { NO_POSITION } from '../../engine/position'
import { machine } from '../../engine/current'
import type { drm_device } from '../../kernel/drm/device'
import { resolveFrame, takeStack } from '../../kernel/report'
import * as print from '../printk'

/** Messages of graphics drivers: `drm/drm_print`. */

type OfDevice = (dev: object, format: string, ...args: unknown[]) => unknown
type Plain = (format: string, ...args: unknown[]) => unknown

const onDevice =
  (named: OfDevice, plain: Plain, mark = '') =>
  (drm: drm_device | null, format: string, ...args: unknown[]): void => {
    const text = `[drm] ${mark}${format}`
    if (drm?.dev) named(drm.dev, text, ...args)
    else plain(`(NULL device *): ${text}`, ...args)
  }

/** As `dev_info` of the device behind the card, marked as coming from graphics. */
export const drm_info = onDevice(print.dev_info as OfDevice, print.pr_info)
export const drm_notice = onDevice(print.dev_notice as OfDevice, print.pr_notice)
export const drm_warn = onDevice(print.dev_warn as OfDevice, print.pr_warn)
export const drm_err = onDevice(print.dev_err as OfDevice, print.pr_err, '*ERROR* ')

const plain =
  (named: Plain) =>
  (format: string, ...args: unknown[]): void =>
    void named(`[drm] ${format}`, ...args)

/** The old ones, which know no device. */
export const DRM_INFO = plain(print.pr_info)
export const DRM_NOTE = plain(print.pr_notice)
export const DRM_WARN = plain(print.pr_warn)

/** Says which function speaks instead of which device it is about. */
export function DRM_ERROR(format: string, ...args: unknown[]): void {
  const { function: who, module } = resolveFrame(
    machine(),
    takeStack(machine()).frames[0] ?? NO_POSITION,
  )
  print.pr_err(`[drm:%s%s] *ERROR* ${format}`, who, module ? ` [${module}]` : '', ...args)
}
