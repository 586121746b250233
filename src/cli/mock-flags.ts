import { Flags, type Interfaces } from '@oclif/core'
import { AgwError } from '../errors.ts'
import type { MockOptions, SeenRequest } from '../mock/index.ts'
import { asList, hostFlag, repeatable } from './flags.ts'
import { fromEnvironment } from './key-input.ts'

/** A share of all, from 0 to 1. */
const shareFlag = Flags.custom<number>({
  parse: async text => {
    const number = Number(text)
    if (text.trim() !== '' && number >= 0 && number <= 1) return number
    throw new AgwError('USAGE', '--fail-rate is not a share', {
      hint: 'give a number from 0 to 1, as in --fail-rate 0.5',
    })
  },
})

/** The flags of `agw mock`. */
export const mockFlags = {
  host: hostFlag,
  port: Flags.integer({
    summary: 'The port; 0 takes a free one.',
    helpValue: 'PORT',
    min: 0,
    max: 65_535,
    default: 9000,
    env: 'AGW_MOCK_PORT',
  }),
  'key-from-env': Flags.string({
    summary: 'Only the key in this variable is right; repeat for several.',
    helpValue: 'VAR',
    ...repeatable,
    env: 'AGW_MOCK_KEY_FROM_ENV',
  }),
  latency: Flags.integer({
    summary: 'Wait so many milliseconds before an answer.',
    helpValue: 'MS',
    min: 0,
    default: 0,
    env: 'AGW_MOCK_LATENCY',
  }),
  'chunk-delay': Flags.integer({
    summary: 'Wait so many milliseconds between streamed events.',
    helpValue: 'MS',
    min: 0,
    default: 0,
    env: 'AGW_MOCK_CHUNK_DELAY',
  }),
  'fail-status': Flags.integer({
    summary: "Answer with this status and the provider's own error body.",
    helpValue: 'STATUS',
    min: 400,
    max: 599,
    env: 'AGW_MOCK_FAIL_STATUS',
  }),
  'fail-rate': shareFlag({
    summary: 'Which share of the requests fails, from 0 to 1.',
    helpValue: 'SHARE',
    dependsOn: ['fail-status'],
    env: 'AGW_MOCK_FAIL_RATE',
  }),
  'cut-after': Flags.integer({
    summary: 'Cut the connection after so many bytes of an answer.',
    helpValue: 'BYTES',
    min: 0,
    env: 'AGW_MOCK_CUT_AFTER',
  }),
  hang: Flags.boolean({ summary: 'Take requests and never answer.', env: 'AGW_MOCK_HANG' }),
}

/** What those flags ask of the mock. Throws SECRET_MISSING for a variable without a key. */
export function mockOptions(
  flags: Interfaces.InferredFlags<typeof mockFlags>,
  env: Readonly<Record<string, string | undefined>>,
): MockOptions & { readonly keys?: readonly string[] } {
  const named = flags['key-from-env']
  const keys = asList(named).map(name =>
    fromEnvironment(name, env, 'export it first; without the flag, any key is right'),
  )
  return {
    host: flags.host,
    port: flags.port,
    ...(named && { keys }),
    latencyMs: flags.latency,
    chunkDelayMs: flags['chunk-delay'],
    ...(flags['fail-status'] !== undefined && { failStatus: flags['fail-status'] }),
    ...(flags['fail-rate'] !== undefined && { failRate: flags['fail-rate'] }),
    ...(flags['cut-after'] !== undefined && { cutAfterBytes: flags['cut-after'] }),
    hang: flags.hang,
  }
}

/** A request that the mock took, as a line. */
export function seenText({ shape, method, path, model, stream, keyFingerprint }: SeenRequest): string {
  const where = `${shape.padEnd(9)} ${method} ${path.split('?')[0]}`
  return `${where}  ${model ?? '–'}${stream ? ' stream' : ''}  key ${keyFingerprint ?? 'none'}`
}
