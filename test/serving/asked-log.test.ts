import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import type { ResolvedConfig } from '../../src/secrets/index.ts'
import { type AskedLog, asWritten } from '../../src/serving/asked-log.ts'

const stream = new PassThrough()
const redact = (text: string): string => text

it.each<[string, Pick<AskedLog, 'format' | 'level'>, object | undefined, object]>([
  ['nobody', { format: undefined, level: undefined }, undefined, { format: 'text', level: 'info' }],
  [
    'the config',
    { format: undefined, level: undefined },
    { format: 'json', level: ['warn'] },
    { format: 'json', level: 'warn' },
  ],
  [
    'a flag rather than the config',
    { format: 'text', level: 'off' },
    { format: 'json', level: 'debug' },
    { format: 'text', level: 'off' },
  ],
])('the log is as %s says', (_, flags, logging, expected) => {
  const config = { config: { logging } } as ResolvedConfig
  expect(asWritten({ ...flags, stream, redact, file: 'a' }, config)).toMatchObject({ ...expected, file: 'a' })
})
