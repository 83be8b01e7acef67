import { defineStore } from 'pinia'
import { shallowRef, watch } from 'vue'
import { placeOf, type Place } from '../timeline/event-text'
import { useQueries } from '../timeline/queries'
import { useKernel } from '../workbench/stores'

/** When an event happened, and at which line of the lab if it was one. */
export interface Moment {
  timeNs: number
  place: Place | null
}

/** The moments of single events; each is asked for once in a run. */
export const useEventPlaces = defineStore('eventPlaces', () => {
  const kernel = useKernel()
  const queries = useQueries()
  const known = shallowRef(new Map<number, Moment>())
  let asked = new Set<number>()

  watch(
    () => kernel.epoch,
    () => {
      asked = new Set()
      known.value = new Map()
    },
  )

  async function want(events: readonly number[]): Promise<void> {
    const fresh = events.filter((event) => event >= 0 && !asked.has(event))
    if (fresh.length === 0) return
    for (const event of fresh) asked.add(event)
    const { epoch } = kernel
    try {
      const pages = await Promise.all(fresh.map((event) => queries.events(event, 1)))
      if (epoch !== kernel.epoch) return
      const next = new Map(known.value)
      pages.forEach((page, i) => {
        const record = page.records[0]
        if (record) next.set(fresh[i]!, { timeNs: record.timeNs, place: placeOf(record, page) })
      })
      known.value = next
    } catch {
      // The state store tells what is wrong with the trace; it may be asked again.
      for (const event of fresh) asked.delete(event)
    }
  }

  return { known, want }
})
