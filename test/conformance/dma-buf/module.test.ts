import { expect, it } from 'vitest'
import { linesOf, probeLab } from '../../probes/probe-kit'
import { runLab } from '../../sim/lab/lab-kit'

it('DBUF-02 DBUF-30 the exporter cannot be unloaded while a buffer lives, whatever else is closed', () => {
  const result = runLab(probeLab('dbuf-program'))
  const lines = linesOf(result).map((line) => line.replace('KLAB dbuf-program ', ''))
  expect(lines.slice(lines.indexOf('user delete_module ret=-1 errno=11'))).toEqual([
    'user delete_module ret=-1 errno=11',
    'op release',
    'user close ret=0',
    'user delete_module ret=0 errno=0',
  ])
  expect(result.findings).toEqual([])
})
