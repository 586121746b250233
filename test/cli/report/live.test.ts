import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { failureLine, liveEventLine, liveEventText } from '../../../src/cli/report/live.ts'
import { Terminal } from '../../../src/cli/terminal.ts'
import type { LiveEvent } from '../../../src/serving/live.ts'

const terminal = new Terminal({
  stdin: {},
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  env: { FORCE_COLOR: '0' },
  redact: text => text,
})
const NOW = new Date('2026-01-31T10:00:00.250Z')

const events: [event: LiveEvent, text: string[], level: string, message: string, hint?: string][] = [
  [
    { event: 'listening', bind: 'bind/3000', address: 'http://127.0.0.1:3000' },
    ['listening on http://127.0.0.1:3000  bind/3000'],
    'info',
    'listening on http://127.0.0.1:3000',
  ],
  [{ event: 'ready', workers: 2 }, ['ready  2 workers  (Ctrl-C stops it)'], 'info', 'ready  2 workers'],
  [
    { event: 'reloaded', changes: ['added a', 'removed b'] },
    ['reloaded added a, removed b'],
    'info',
    'reloaded added a, removed b',
  ],
  [{ event: 'note', message: 'so it is' }, ['so it is'], 'info', 'so it is'],
  [
    { event: 'warning', message: 'it is open', hint: 'close it' },
    ['warning it is open', '  → close it'],
    'warn',
    'it is open',
    'close it',
  ],
  [{ event: 'warning', message: 'it is open', hint: '' }, ['warning it is open'], 'warn', 'it is open'],
  [
    { event: 'reload-rejected', message: 'a.yaml:1:1: no', hint: 'mend it', diagnostics: [] },
    ['reload rejected, the last good state goes on: a.yaml:1:1: no', '  → mend it'],
    'error',
    'reload rejected, the last good state goes on: a.yaml:1:1: no',
    'mend it',
  ],
  [
    { event: 'draining', drainMs: 5000 },
    ['draining  requests under way have up to 5 s'],
    'info',
    'draining  requests under way have up to 5 s',
  ],
]

describe('what becomes of a gateway', () => {
  it.each(events)('is text for people, and a line of a log: %j', (event, text, level, message, hint) => {
    expect(liveEventText(event, terminal)).toEqual(text)
    const line = liveEventLine(event, NOW)
    const { event: name, ...own } = event
    const { message: _, hint: __, ...fields } = { message, hint, ...own }
    expect(Object.keys(line).slice(0, 5)).toEqual(['time', 'level', 'scope', 'event', 'message'])
    const head = { time: NOW.toISOString(), level, scope: 'serve', event: name }
    expect(line).toEqual({ ...fields, ...head, message, hint })
  })

  it('is a line of that log when it cannot start', () => {
    expect(failureLine({ code: 'PORT_TAKEN', message: 'no', hint: '', exitCode: 5 }, NOW)).toEqual({
      time: NOW.toISOString(),
      level: 'error',
      scope: 'serve',
      event: 'failed',
      message: 'no',
      code: 'PORT_TAKEN',
      exitCode: 5,
    })
  })
})
