import type { LabSource, RunOptions, RunResult } from '../../../src-sim/protocol'
import { labOf, runLab } from '../../sim/lab/lab-kit'

/** Text that every lab here begins with. */
const PRELUDE = `
import * as pci from 'rust/pci'
import { Devres, register as devres_register } from 'rust/devres'
import { drop, forget, move } from 'rust/mem'
import { code, KernelError } from 'rust/error'
import { Arc, rcu } from 'rust/sync'
import { ARef, ScopeGuard } from 'rust/types'
import { Revocable } from 'rust/revocable'
import { KBox, GFP_KERNEL } from 'rust/alloc'
import { dev_info, type Device, type Bound, type Core } from 'rust/device'
import { pr_info } from 'linux/printk'
import { msleep } from 'linux/delay'
const IDS = [pci.DeviceId.from_id(0x1234, 0x11e8)]
/** Says when it is dropped. */
class Noisy {
  constructor(readonly name: string) {}
  drop() { pr_info('drop ' + this.name + '\\n') }
}
`

const SCENARIO = `
import { insmod, rmmod, run_until_quiet } from 'klab/scenario'
export default function () { insmod('driver'); run_until_quiet(); rmmod('driver'); run_until_quiet() }
`

/** A lab of Rust-like driver code on an edu device. */
export function rustLab(driver: string, files: Record<string, string> = {}): LabSource {
  return labOf(PRELUDE + driver, { 'scenario.ts': SCENARIO, ...files })
}

export function runRust(
  driver: string, files: Record<string, string> = {}, run: RunOptions = {},
): RunResult {
  return runLab(rustLab(driver, files), run)
}

/** What the lab itself has printed, without the time stamps. */
export const said = (result: RunResult): string[] =>
  result.dmesg
    .map((line) => line.replace(/^(<\d>)?\[[^\]]*\] /, ''))
    .filter((line) => /^(drop|say|probe|unbind|open|ioctl|release|work|timer)/.test(line))

export const kinds = (result: RunResult): string[] => result.findings.map((f) => f.kind)
