import { ipcMain, type IpcMainEvent, type IpcMainInvokeEvent } from 'electron'
import * as v from 'valibot'
import { ORIGIN } from './protocol'

/** Only the main frame of our own page is listened to. */
export function fromOurPage(event: IpcMainInvokeEvent | IpcMainEvent): boolean {
  const frame = event.senderFrame
  return frame !== null && frame.parent === null && frame.url.startsWith(`${ORIGIN}/`)
}

/**
 * The only way a question of the page reaches the main process: the sender is checked, then the
 * arguments are, then `answer` runs.
 */
export function handle<Schema extends v.GenericSchema<unknown[], unknown[]>>(
  channel: string,
  schema: Schema,
  answer: (...args: v.InferOutput<Schema>) => unknown,
): void {
  ipcMain.handle(channel, (event, ...args: unknown[]) => {
    if (!fromOurPage(event)) throw new Error('This question does not come from the app.')
    return answer(...v.parse(schema, args))
  })
}
