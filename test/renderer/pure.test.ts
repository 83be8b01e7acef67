import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { countUpTo } from '../../src-renderer/console/log'
import { verdict } from '../../src-renderer/explorer/verdict'
import { bugReport } from '../../src-renderer/findings/markdown'
import { linkTarget, renderPage } from '../../src-renderer/lessons/render'
import { chordOf, type KeyLike } from '../../src-renderer/workbench/commands/keys'
import { useCommands } from '../../src-renderer/workbench/commands/registry'
import { score } from '../../src-renderer/workbench/commands/score'
import { longHex } from '../../src-renderer/workbench/theme'
import { dmesgStamp, formatTime, parseTime } from '../../src-renderer/workbench/format'
import { EMPTY_STATUS, useSettings } from '../../src-renderer/workbench/stores'
import { sane } from '../../src-renderer/workbench/stores/settings'
import { fakeFinding, fakeLine } from './fake-kernel'

function key(name: string, more: Partial<KeyLike> = {}): KeyLike {
  return {
    key: name,
    code: /^[a-z]$/i.test(name) ? `Key${name.toUpperCase()}` : name,
    ctrlKey: false,
    altKey: false,
    shiftKey: false,
    metaKey: false,
    ...more,
  }
}

describe('colours', () => {
  it('are told to Monaco in the long form, whatever the build made of them', () => {
    expect(['#fff', '#1a2b', '#f8f9fb', 'rgb(1 2 3)'].map(longHex)).toEqual([
      '#ffffff',
      '#11aa22bb',
      '#f8f9fb',
      'rgb(1 2 3)',
    ])
  })
})

describe('keys', () => {
  it.each<[KeyLike, boolean, string]>([
    [key('F5'), false, 'F5'],
    [key('F5', { shiftKey: true }), false, 'Shift+F5'],
    [key('P', { ctrlKey: true, shiftKey: true }), false, 'Ctrl+Shift+P'],
    [key('p', { metaKey: true }), true, 'Ctrl+P'],
    [key('?', { shiftKey: true, code: 'Slash' }), false, '?'],
    [key('œ', { altKey: true, code: 'KeyZ' }), false, 'Alt+Z'],
    [key('ArrowLeft', { ctrlKey: true, altKey: true }), false, 'Ctrl+Alt+Left'],
    [key(' '), false, 'Space'],
  ])('%o on a Mac: %s is %s', (event, mac, chord) => {
    expect(chordOf(event, mac)).toBe(chord)
  })
})

describe('commands', () => {
  beforeEach(() => setActivePinia(createPinia()))

  it('run by their key, only while they are available', async () => {
    const commands = useCommands()
    const ran: string[] = []
    let on = true
    commands.register({
      id: 'a',
      title: 'A',
      group: 'Run',
      keys: ['F5'],
      when: () => on,
      run: () => ran.push('a'),
    })
    expect(commands.dispatch(key('F5'), false)).toBe(true)
    on = false
    expect(commands.dispatch(key('F5'), false)).toBe(false)
    expect(ran).toEqual(['a'])
  })

  it('take another key from the settings, and none when it is empty', () => {
    const commands = useCommands()
    commands.register({ id: 'a', title: 'A', group: 'Run', keys: ['F5'], run: () => 0 })
    useSettings().values.keys.a = 'F2'
    expect(commands.dispatch(key('F5'), false)).toBe(false)
    expect(commands.dispatch(key('F2'), false)).toBe(true)
    useSettings().values.keys.a = ''
    expect(commands.dispatch(key('F2'), false)).toBe(false)
  })

  it('leave typed characters to a text field', () => {
    const commands = useCommands()
    commands.register({ id: 'h', title: 'H', group: 'Help', keys: ['?'], run: () => 0 })
    const field = { tagName: 'INPUT' } as unknown as EventTarget
    const press = { ...key('?', { shiftKey: true, code: 'Slash' }), target: field }
    expect(commands.dispatch(press, false)).toBe(false)
    expect(commands.dispatch({ ...press, target: null }, false)).toBe(true)
  })

  it('report a failure and show conflicts', async () => {
    const commands = useCommands()
    const told: unknown[] = []
    commands.onError((what, error) => told.push([what, (error as Error).message]))
    const off = commands.register(
      {
        id: 'a',
        title: 'A',
        group: 'Run',
        keys: ['F5'],
        run: () => Promise.reject(new Error('no')),
      },
      { id: 'b', title: 'B', group: 'Run', keys: ['F5'], run: () => 0 },
    )
    await commands.run('a')
    expect(told).toEqual([['A', 'no']])
    expect(commands.conflicts.map(([chord]) => chord)).toEqual(['F5'])
    off()
    expect(commands.all).toEqual([])
  })
})

describe('matching in the palette', () => {
  it('needs every letter in order', () => {
    expect(score('rs', 'Restart')).not.toBeNull()
    expect(score('sr', 'Run')).toBeNull()
  })

  it('prefers word starts to letters in between', () => {
    expect(score('nf', 'Next finding')!).toBeGreaterThan(score('nf', 'Unify')!)
    expect(score('step', 'Step back')!).toBeGreaterThan(score('step', 'Set the page')!)
  })
})

describe('time', () => {
  it.each([
    [0, '0 ns'],
    [999, '999 ns'],
    [1500, '1.5 µs'],
    [2_000_000, '2 ms'],
    [1_234_567_890, '1.235 s'],
  ])('%d ns reads %s', (ns, text) => expect(formatTime(ns)).toBe(text))

  it.each<[string, number | null]>([
    ['1.5ms', 1_500_000],
    ['20 us', 20_000],
    ['7', 7],
    ['soon', null],
  ])('%s is read as %s', (text, ns) => expect(parseTime(text)).toBe(ns))

  it('is stamped as the kernel log does', () => {
    expect(dmesgStamp(1_234_000)).toBe('[    0.001234]')
    expect(dmesgStamp(12_000_000_000)).toBe('[   12.000000]')
  })
})

describe('the log', () => {
  it('counts the lines printed at a step', () => {
    const lines = Array.from({ length: 50 }, (_, i) => fakeLine(i, 100, 50))
    for (const step of [-1, 0, 1, 49, 98, 200]) {
      expect(countUpTo(lines, step)).toBe(lines.filter((line) => line.step <= step).length)
    }
  })
})

describe('a bug report', () => {
  it('holds the proof and what is needed to see it again', () => {
    const status = { ...EMPTY_STATUS, lab: 'demo', seed: 12, traceHash: 'abc123' }
    const text = bugReport(fakeFinding(300), status, '0.1.0', false)
    for (const part of [
      'abc123',
      '12',
      '0.1.0',
      'demo_work [demo] driver.ts:12:3',
      '### freed',
      'WQ-03',
      'BUG: KASAN',
    ]) {
      expect(text).toContain(part)
    }
  })
})

describe('the verdict of an exploration', () => {
  const result = {
    lab: 'x',
    seed: 1,
    strategy: 'exhaustive' as const,
    schedules: 8,
    distinct: 8,
    complete: true,
    coverage: { operations: 1, pairs: 1 },
    findings: [],
    first: null,
    seconds: 1,
  }
  it('claims completeness only when it was reached', () => {
    expect(verdict(result, false)).toMatch(/^Complete.*No schedule within the bound is left/)
    expect(verdict({ ...result, complete: false }, false)).toMatch(/^Not complete.*not tried/)
    expect(verdict({ ...result, complete: false }, true)).toMatch(/^Stopped by you/)
  })
})

describe('help pages', () => {
  it('show raw HTML as text', () => {
    expect(renderPage('a <img src=x onerror=alert(1)> b')).not.toContain('<img')
  })

  it('do not show their front matter', () => {
    expect(renderPage('---\ntitle: x\n---\n# Hello')).toBe('<h1 id="h-hello">Hello</h1>\n')
  })

  it.each([
    ['caveats.md#dma', 'intro', { kind: 'page', page: 'caveats', anchor: 'dma' }],
    ['../b.md', 'lessons/a', { kind: 'page', page: 'b', anchor: '' }],
    ['#x', 'lessons/a', { kind: 'page', page: 'lessons/a', anchor: 'x' }],
    ['lab:bug-01-fixed', 'a', { kind: 'lab', id: 'bug-01-fixed' }],
    [
      'scene:compare-devm?disturbance=unbind-dma&finding=mmio.fault&show=topology',
      'a',
      {
        kind: 'scene',
        scene: { lab: 'compare-devm', run: { params: { disturbance: 'unbind-dma' } }, finding: 'mmio.fault', panel: 'topology' },
      },
    ],
    ['scene:', 'a', null],
    ['https://example.org', 'a', { kind: 'web', url: 'https://example.org' }],
    ['javascript:alert(1)', 'a', null],
  ])('link %s from %s', (href, from, target) => expect(linkTarget(href, from)).toEqual(target))
})

describe('settings', () => {
  it('from a damaged file keep only what makes sense', () => {
    const saved = { theme: 'pink', zoom: 'big', fontSize: 15, speed: '20', extra: 1 }
    expect(sane(saved as never)).toEqual({ fontSize: 15, speed: '20' })
  })
})
