import { prepareRealm } from '../../src-sim/sandbox'
import { appFigures } from './app'
import { compilerFigures } from './compiler'
import { labFigures } from './labs'
import { checkedFigures, listenerFigures, lockFigures } from './locks'
import { searchFigures } from './search'
import { timerFigures } from './timers'
import { traceFigures } from './trace'

interface Shown {
  name: string
  figure: number
  unit: string
  budget: string | number
}

const PARTS: Record<string, () => Shown[] | Promise<Shown[]>> = {
  locks: lockFigures,
  listeners: listenerFigures,
  checked: checkedFigures,
  search: searchFigures,
  timers: timerFigures,
  labs: labFigures,
  compiler: compilerFigures,
  trace: traceFigures,
  app: appFigures,
}

// As in the kernel worker: everything is measured in a hardened realm.
prepareRealm()
const [part] = process.argv.slice(2)
if (part === undefined) console.log(Object.keys(PARTS).join(' '))
else {
  const measure = PARTS[part]
  if (measure === undefined) throw new Error(`no part is called ${part}`)
  for (const { name, figure, unit, budget } of await measure()) {
    const shown = figure >= 1000 ? Math.round(figure).toLocaleString('en') : figure.toFixed(2)
    const asked = typeof budget === 'number' ? `<= ${budget}` : budget
    console.log(`${name.padEnd(66)} ${`${shown} ${unit}`.padEnd(16)} ${asked}`)
  }
}
