import { AgwError } from '../errors.ts'
import { isDoubtful } from '../secrets/index.ts'
import type { Secret } from '../secrets/secret.ts'
import type { ChosenProvider } from '../setup/new-config.ts'
import { isTyped, type KeyInput, type KeyInputContext, MAX_KEY_BYTES, readKey } from './key-input.ts'
import { readStdin } from './stdin.ts'
import type { WantedKey } from './wizard.ts'

/** Where `agw init` takes keys from; without any of it they are asked for, or stored later. */
export interface InitKeys {
  readonly fromStdin: boolean
  /** In the order of the providers. */
  readonly fromEnv: readonly string[]
}

/** Takes the keys of a new config in, one provider after the other. */
export function keyTaker(
  { fromStdin, fromEnv }: InitKeys,
  context: KeyInputContext,
): (wanted: WantedKey) => Promise<Secret | undefined> {
  let lines: Promise<readonly string[]> | undefined
  return async ({ provider, method, index, count, isOwnHost = false }) => {
    const isAsked = fromEnv.length === 0 && (!fromStdin || isTyped(context))
    const canComeLater = method !== 'inline'
    const question = {
      message: `${provider.id === 'openai-compatible' ? 'Its' : provider.label} key (hidden${canComeLater ? '; empty to store it later' : ''})`,
      provider: provider.words.llm,
      isOwnHost,
      optional: canComeLater || !context.prompt.allowed,
    }
    const take = async (input: KeyInput): Promise<Secret | undefined> => {
      const key = await readKey(input, question, context)
      if (key !== undefined && method !== 'file' && canComeLater) refuseUnquotable(key)
      return key
    }
    if (isAsked) return take({})
    if (!fromStdin) {
      const name = fromEnv[index]
      return name === undefined ? undefined : take({ fromEnv: name })
    }
    if (count === 1) return take({ fromStdin })
    lines ??= keyLines(context, count)
    const text = (await lines)[index] ?? ''
    return text === '' ? undefined : take({ text })
  }
}

/** The config gets `"$NAME"`, and the value is put there before it is read as YAML. */
function refuseUnquotable(key: Secret): void {
  if (!/["\\]/.test(key.reveal())) return
  throw new AgwError(
    'SECRET_REJECTED',
    'the key holds a quote or a backslash, which means something to YAML where its variable stands',
    { hint: 'keep it in a file of its own, with --method file, if it was copied right' },
  )
}

/** Whether something speaks against one of the keys, as was warned when it was read. */
export function hasDoubtfulKey(providers: readonly ChosenProvider[]): boolean {
  return providers.some(
    ({ provider, key, baseUrl }) =>
      key !== undefined &&
      isDoubtful(key, { provider: provider.words.llm, isOwnHost: baseUrl !== undefined }),
  )
}

/** One key a line; an empty line leaves a provider without. */
async function keyLines({ stdin }: KeyInputContext, count: number): Promise<readonly string[]> {
  const text = (await readStdin(stdin, MAX_KEY_BYTES)).toString()
  const lines = text.replace(/\r?\n$/, '').split(/\r?\n/)
  if (lines.length === count) return lines
  throw new AgwError(
    'SECRET_REJECTED',
    `standard input holds ${lines.length} line${lines.length === 1 ? '' : 's'}, and there are ${count} providers`,
    { hint: 'give one key a line, in the order of --provider; an empty line leaves a key for later' },
  )
}
