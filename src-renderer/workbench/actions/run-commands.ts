import type { Command } from '../commands/registry'
import { useLayout } from '../layout/layout'
import { freshSeed, useExplore, useKernel, useLab, useSession, useUi } from '../stores'

export function runCommands(): Command[] {
  const [session, kernel, lab] = [useSession(), useKernel(), useLab()]
  const can = (): boolean => kernel.ready && lab.isOpen && !session.running
  return [
    {
      id: 'run',
      title: 'Run or go on',
      group: 'Run',
      keys: ['F5'],
      classroom: ['F8', 'F5'],
      when: can,
      run: () => session.run(),
    },
    {
      id: 'run.start',
      title: 'Apply edits and run from the start',
      group: 'Run',
      keys: ['Ctrl+Enter'],
      when: () => kernel.ready && lab.isOpen,
      run: () => session.restart(),
    },
    {
      id: 'run.restart',
      title: 'Restart with the same seed',
      group: 'Run',
      keys: ['Ctrl+Shift+F5'],
      classroom: ['F3'],
      when: () => kernel.ready && lab.isOpen,
      run: () => session.restart(session.seed),
    },
    {
      id: 'run.newSeed',
      title: 'Restart with a new seed',
      group: 'Run',
      keys: ['Ctrl+Alt+R'],
      when: () => kernel.ready && lab.isOpen,
      run: () => {
        if (session.strategy === 'fair' || session.strategy === 'replay')
          session.strategy = 'random'
        return session.restart(freshSeed())
      },
    },
    {
      id: 'run.pause',
      title: 'Pause',
      group: 'Run',
      keys: ['F6'],
      when: () => session.running,
      run: () => session.pause(),
    },
    {
      id: 'run.stop',
      title: 'Stop',
      group: 'Run',
      keys: ['Shift+F5'],
      when: () => kernel.hasSession && kernel.ready,
      run: () => session.stop(),
    },
    {
      id: 'kernel.restart',
      title: 'Restart the kernel',
      group: 'Run',
      when: () => kernel.link !== 'connecting',
      run: restartKernel,
    },
  ]
}

/** Many runs instead of one: other schedules, and other calls that fail. */
export function searchCommands(): Command[] {
  const [session, kernel, lab] = [useSession(), useKernel(), useLab()]
  const [explore, layout, ui] = [useExplore(), useLayout(), useUi()]
  const idle = (): boolean => kernel.ready && lab.isOpen && !explore.active
  return [
    {
      id: 'explore.show',
      title: 'Show the schedule explorer',
      group: 'Run',
      keys: ['Ctrl+Shift+E'],
      run: () => layout.show('explore', true),
    },
    {
      id: 'explore.start',
      title: 'Explore schedules',
      group: 'Run',
      keys: ['Ctrl+Shift+Enter'],
      when: idle,
      run: async () => {
        layout.show('explore')
        await explore.start()
      },
    },
    {
      id: 'explore.cancel',
      title: 'Stop exploring',
      group: 'Run',
      when: () => explore.active,
      run: () => explore.cancel(),
    },
    {
      id: 'failures.walk',
      title: 'Fail each call that can fail',
      group: 'Run',
      keys: ['Ctrl+Shift+F9'],
      when: () => idle() && lab.trusted && !session.running,
      run: () => ui.open('failures'),
    },
    {
      id: 'failures.off',
      title: 'Let all calls succeed again',
      group: 'Run',
      when: () => session.failNth > 0,
      run: () => void (session.failNth = 0),
    },
  ]
}

/** A fresh worker, and the lab booted in it; sources, breakpoints and seed are still here. */
export async function restartKernel(): Promise<void> {
  const [kernel, session, lab] = [useKernel(), useSession(), useLab()]
  await kernel.reconnect()
  if (kernel.ready && lab.isOpen && lab.trusted) await session.boot()
}

export function stepCommands(): Command[] {
  const [session, kernel, lab] = [useSession(), useKernel(), useLab()]
  const can = (): boolean => kernel.ready && lab.isOpen && lab.trusted && !session.running
  const back = (): boolean => can() && kernel.status.cursorStep > 0
  return [
    {
      id: 'step',
      title: 'Step: next event anywhere',
      group: 'Step',
      keys: ['F11', 'Ctrl+F11'],
      when: can,
      run: () => session.step('event'),
    },
    {
      id: 'step.context',
      title: 'Step: next event in this context',
      group: 'Step',
      keys: ['F10'],
      when: can,
      run: () => session.step('context'),
    },
    {
      id: 'step.return',
      title: 'Step: until this function returns',
      group: 'Step',
      keys: ['Shift+F11'],
      when: can,
      run: () => session.step('return'),
    },
    {
      id: 'step.back',
      title: 'Step back',
      group: 'Step',
      keys: ['Alt+F10'],
      classroom: ['F4', 'Alt+F10'],
      when: back,
      run: () => session.step('back'),
    },
  ]
}
