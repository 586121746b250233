import { Flags, type Interfaces } from '@oclif/core'
import type { Secret } from '../secrets/secret.ts'
import type { ClientKeys } from '../test-route/client-keys.ts'
import type { WantedRequest } from '../test-route/request.ts'
import { asList, connectToFlag, repeatable } from './flags.ts'
import { type KeyInput, type KeyInputContext, readKey } from './key-input.ts'

/** The flags of `agw test-route`. */
export const testRouteFlags = {
  model: Flags.string({ summary: 'The model in the request.', helpValue: 'NAME', env: 'AGW_MODEL' }),
  prompt: Flags.string({
    summary: 'What the request says.',
    helpValue: 'TEXT',
    default: 'Say hello in one word.',
    env: 'AGW_PROMPT',
  }),
  method: Flags.string({
    summary: 'The HTTP method; without it, POST with a body.',
    helpValue: 'METHOD',
    env: 'AGW_HTTP_METHOD',
  }),
  header: Flags.string({
    char: 'H',
    summary: 'A header, as in "name: value"; repeatable. Not for keys.',
    helpValue: 'HEADER',
    ...repeatable,
    env: 'AGW_REQUEST_HEADER',
  }),
  'key-from-env': Flags.string({
    summary:
      "Take the client's own key from a variable, for a gateway that asks for one or a route that passes it on; repeatable.",
    helpValue: 'VAR',
    ...repeatable,
    env: 'AGW_KEY_FROM_ENV',
  }),
  'key-from-stdin': Flags.boolean({
    summary: "Read the client's own key from standard input.",
    exclusive: ['key-from-env'],
    env: 'AGW_KEY_FROM_STDIN',
  }),
  cert: Flags.string({
    summary: 'A certificate to show the gateway, as PEM, with its chain.',
    helpValue: 'FILE',
    exclusive: ['explain'],
    env: 'AGW_CERT',
  }),
  'cert-key': Flags.string({
    summary: 'Its private key, where it is not in the same file.',
    helpValue: 'FILE',
    dependsOn: ['cert'],
    env: 'AGW_CERT_KEY',
  }),
  host: Flags.string({ summary: 'The Host of the request.', helpValue: 'NAME', env: 'AGW_REQUEST_HOST' }),
  port: Flags.integer({
    summary: 'Which port of the config, where it has several.',
    helpValue: 'PORT',
    min: 1,
    max: 65_535,
    env: 'AGW_PORT',
  }),
  stream: Flags.boolean({ summary: 'Ask for a stream.', env: 'AGW_STREAM' }),
  url: Flags.string({
    summary: 'A gateway that runs already.',
    helpValue: 'URL',
    exclusive: ['explain', 'mock', 'connect-to'],
    env: 'AGW_URL',
  }),
  explain: Flags.boolean({ summary: 'Send nothing: only say which way it would go.', env: 'AGW_EXPLAIN' }),
  mock: Flags.boolean({ summary: 'Let the built-in mock answer for the provider.', env: 'AGW_MOCK' }),
  'connect-to': connectToFlag({ exclusive: ['mock'] }),
  'expect-status': Flags.integer({
    summary: 'The status that counts as passed; without it, any 2xx.',
    helpValue: 'STATUS',
    min: 100,
    max: 599,
    env: 'AGW_EXPECT_STATUS',
  }),
  timeout: Flags.integer({
    summary: 'Give up after so many seconds.',
    helpValue: 'SECONDS',
    min: 1,
    max: 86_400,
    default: 60,
    env: 'AGW_TIMEOUT',
  }),
}

type TestRouteFlags = Interfaces.InferredFlags<typeof testRouteFlags>

/** The request that those flags describe. */
export function wantedRequest(path: string, flags: TestRouteFlags): WantedRequest {
  const { method, model, prompt, host, port, stream } = flags
  return { path, method, model, prompt, headers: asList(flags.header, '\n'), host, port, stream }
}

/**
 * What the client shows, each to the first who asks; a name and a password rather to who asks for these. A person is asked for
 * what a provider is shown.
 */
export function clientKeys(flags: TestRouteFlags, context: KeyInputContext): ClientKeys {
  const given: KeyInput[] = asList(flags['key-from-env']).map(fromEnv => ({ fromEnv }))
  if (flags['key-from-stdin']) given.push({ fromStdin: true })
  const take = (isPair: boolean): KeyInput | undefined => {
    const fits = given.findIndex(({ fromEnv = '' }) => (context.env[fromEnv] ?? '').includes(':') === isPair)
    return given.splice(Math.max(fits, 0), 1)[0]
  }
  const read = (input: KeyInput, name: string, provider: string): Promise<Secret | undefined> =>
    readKey(
      input,
      { message: `The client's own key for ${name} (hidden)`, provider, optional: true },
      context,
    )
  return {
    get left() {
      return given.length
    },
    async forGateway(isPair) {
      const input = take(isPair)
      return input && read(input, 'the gateway', '')
    },
    forProvider: ({ name, provider }) => read(take(false) ?? {}, name, provider),
  }
}
