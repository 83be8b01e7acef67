import { expect, test } from 'vitest'
import { readBuiltin, runLab } from './lab-kit'

const play = (id: string): { kinds: string[]; log: string } => {
  const { findings, dmesg } = runLab(readBuiltin(id))
  return { kinds: [...new Set(findings.map((f) => f.kind))], log: dmesg.join('\n') }
}

test('the same mistake lands, lands for a while, or faults: what stands between is what differs', () => {
  expect(play('debate-a-early-free-direct').kinds).toEqual(['dma.write-after-free'])
  expect(play('debate-a-early-free-lazy').kinds).toEqual(['dma.write-after-free'])
  expect(play('debate-a-early-free-strict').kinds).toEqual(['iommu.fault'])
  expect(play('debate-a-stop-first').kinds).toEqual([])
})

test('revoking ends the use by CPUs, not the one by the device', () => {
  const revoked = play('debate-a-revoke')
  expect(revoked.log).toMatch(/revoked: no reader is left[\s\S]*device uses memory after it was freed/)
  expect(play('debate-a-revoke-stopped').kinds).toEqual([])
})

test('DMA-58, DMA-60: the calls answer in all three states, and mean something in one', () => {
  const { kinds, log } = play('debate-a-states')
  expect(kinds).toEqual(['device.use-after-unbind'])
  expect(log.match(/(bound|unbound|zombie): mask .*/g)).toEqual([
    'bound: mask 0, coherent memory 1, mapping 0, through an IOMMU 1',
    'unbound: mask 0, coherent memory 1, mapping 0, through an IOMMU 1',
    'zombie: mask 0, coherent memory 1, mapping 0, through an IOMMU 0',
  ])
})

test('DMA-05: a mask of its own for each function; the common one costs the good function', () => {
  const { kinds, log } = play('debate-c-two-masks')
  expect(kinds).toEqual([])
  expect(log.match(/mask of .*/g)).toEqual([
    'mask of 64 bits: 0 of 8 transfers were copied',
    'mask of 25 bits: 0 of 8 transfers were copied',
    'mask of 64 bits: 0 of 8 transfers were copied',
    'mask of 25 bits: 8 of 8 transfers were copied',
    'mask of 25 bits: 8 of 8 transfers were copied',
    'mask of 25 bits: 8 of 8 transfers were copied',
  ])
})
