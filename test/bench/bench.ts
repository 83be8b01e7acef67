import { compilerFigures } from './compiler'
import { scheduleFigures } from './schedules'
import { traceFigures } from './trace'

/** Every budget of the design beside its figure, in CPU time of this machine. */
const figures = [...(await scheduleFigures()), ...compilerFigures(), ...traceFigures()]
for (const { name, figure, unit, budget } of figures) {
  const shown = figure >= 1000 ? Math.round(figure).toString() : figure.toFixed(2)
  console.log(`${name.padEnd(66)} ${`${shown} ${unit}`.padEnd(18)} budget ${budget}`)
}
