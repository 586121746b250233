import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { Terminal } from '../../src/cli/terminal.ts'
import { Redactor } from '../../src/secrets/redactor.ts'

it.each(['out', 'err', 'warn', 'lines'] as const)(
  'no secret with spaces in it is broken in two, and shown: %s',
  way => {
    const canary = 'a canary that has spaces in it'
    const redactor = new Redactor()
    redactor.add(canary)
    const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 24 })
    const terminal = new Terminal({
      stdin: {},
      stdout: stream,
      stderr: stream,
      env: { CI: '1', NO_COLOR: '1' },
      redact: text => redactor.redact(text),
    })
    const text = `what was given is ${canary}, and that is all`
    if (way === 'warn') terminal.warn(text)
    else if (way === 'lines') terminal.out(terminal.lines(text).join('\n'))
    else terminal.prose(text, way)
    const shown = String(stream.read())
    expect(shown).toMatch(/what was given/)
    for (const word of ['canary', 'spaces']) expect(shown).not.toContain(word)
    for (const line of shown.trim().split('\n')) expect(line.length).toBeLessThan(60)
  },
)
