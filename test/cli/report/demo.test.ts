import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { demoStepText } from '../../../src/cli/report/demo.ts'
import { Terminal } from '../../../src/cli/terminal.ts'

const columns = 60
const stream = Object.assign(new PassThrough(), { isTTY: true, columns })
const terminal = new Terminal({
  stdin: {},
  stdout: stream,
  stderr: stream,
  env: { NO_COLOR: '1' },
  redact: text => text,
})

test('what to do next stays in its columns where the terminal is narrow', () => {
  const [, ...lines] = demoStepText({ step: 'cleaned', folder: '/tmp/demo' }, terminal).split('\n')
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
  expect(lines.slice(0, 3)).toEqual([
    '    agw init          writes config.yaml for your provider,',
    '                      and asks for its key',
    '    agw keys set      stores a key, now or later: agw keys',
  ])
})
