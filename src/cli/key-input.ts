import { resolve } from 'node:path'
import { type KeySlot, readBounded } from '../config/index.ts'
import { looksSecret } from '../config/shown-word.ts'
import { AgwError } from '../errors.ts'
import { whyUnread } from '../plain-file.ts'
import { cleanPastedKey, isDoubtful, keyDoubts } from '../secrets/index.ts'
import type { Redactor } from '../secrets/redactor.ts'
import { Secret } from '../secrets/secret.ts'
import { type ConsentOptions, requireConsent } from './consent.ts'
import type { Prompt } from './prompt.ts'
import { readStdin } from './stdin.ts'
import type { Terminal } from './terminal.ts'

/** The ways a key may come in. There is no flag that takes the value itself. */
export interface KeyInput {
  readonly fromStdin?: boolean | undefined
  readonly fromEnv?: string | undefined
  readonly fromFile?: string | undefined
  /** Taken in already. */
  readonly text?: string | undefined
}

export interface KeyInputContext {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: NodeJS.ReadStream
  readonly prompt: Prompt
  readonly terminal: Terminal
  readonly redactor: Redactor
}

/** More than any key; a pasted file is refused. */
export const MAX_KEY_BYTES = 64 * 1024

/**
 * Takes a key in, from where the flags say, else from a pipe, else by a hidden question. It is cleaned or refused,
 * and known to the redactor before anything else sees it. `undefined` when a person leaves the question empty.
 */
export async function readKey(
  input: KeyInput,
  question: {
    readonly message: string
    readonly provider: string
    readonly isOwnHost?: boolean
    readonly optional?: boolean
  },
  context: KeyInputContext,
): Promise<Secret | undefined> {
  const raw = await rawKey(input, question, context)
  if (raw === undefined) return undefined
  if (raw.trim().length >= 8) context.redactor.add(raw.trim())
  const cleaned = cleanPastedKey(raw.trimEnd())
  if (!cleaned.ok) throw new AgwError('SECRET_REJECTED', cleaned.message, { hint: cleaned.hint })
  for (const { message, hint } of keyDoubts(cleaned.value, question))
    context.terminal.warn(`${message}${hint === undefined ? '' : `: ${hint}`}`)
  const key = new Secret(cleaned.value, 'given key')
  context.redactor.add(key)
  return key
}

/**
 * Asks a person whether a key goes in that something speaks against, as was warned when it was read; whoever hands one in
 * without a terminal means it. Throws DECLINED.
 */
export async function agreeToDoubtful(key: Secret, slot: KeySlot, consent: ConsentOptions): Promise<void> {
  if (!consent.prompt.allowed || !isDoubtful(key, slot)) return
  await requireConsent('Take this key all the same?', 'changed', consent, { initial: false })
}

/** Why a typed key is asked for again, or `true`. Nothing of the key is in it. */
function wrongKey(text: string, optional: boolean): string | true {
  if (text === '' && optional) return true
  const cleaned = cleanPastedKey(text.trimEnd())
  return cleaned.ok || `${cleaned.message}: ${cleaned.hint}`
}

/**
 * Standard input is a terminal: what is typed there would be seen, and is asked for by a hidden question instead. Throws
 * INPUT_NEEDED where nobody can be asked.
 */
export function isTyped({ stdin, prompt }: Pick<KeyInputContext, 'stdin' | 'prompt'>): boolean {
  if (stdin.isTTY !== true) return false
  if (prompt.allowed) return true
  throw new AgwError('INPUT_NEEDED', `standard input is a terminal, and ${prompt.whyNot}`, {
    hint: 'pipe it in, as in `< key.txt`: what is typed at a terminal can be seen',
  })
}

async function rawKey(
  input: KeyInput,
  question: { readonly message: string; readonly optional?: boolean },
  context: KeyInputContext,
): Promise<string | undefined> {
  if (input.text !== undefined) return input.text
  if (input.fromEnv !== undefined) return fromEnvironment(input.fromEnv, context.env)
  if (input.fromFile !== undefined && input.fromFile !== '-')
    return fromFile(resolve(context.cwd, input.fromFile))
  const isPiped = input.fromStdin === true || input.fromFile === '-'
  if (isPiped && !isTyped(context)) return (await readStdin(context.stdin, MAX_KEY_BYTES)).toString()
  if (context.prompt.allowed) {
    const flags = '--key-from-stdin or --from-file'
    const optional = question.optional === true
    const typed = await context.prompt.secret(flags, question.message, text => wrongKey(text, optional))
    return typed === '' && question.optional === true ? undefined : typed
  }
  if (question.optional === true) return undefined
  if (context.stdin.isTTY !== true) return (await readStdin(context.stdin, MAX_KEY_BYTES)).toString()
  throw new AgwError('INPUT_NEEDED', `the key is needed, and ${context.prompt.whyNot}`, {
    hint: 'pipe it in, or give --from-env VAR or --from-file PATH',
  })
}

/** The value of a variable that a flag names. Throws SECRET_MISSING. */
export function fromEnvironment(
  name: string,
  env: KeyInputContext['env'],
  hint = 'export it first, or pipe the key in',
): string {
  const value = env[name]
  if (value !== undefined && value !== '') return value
  const shown = looksSecret(name) || !/^[A-Za-z_]\w*$/.test(name) ? 'named by the flag' : name
  throw new AgwError(
    'SECRET_MISSING',
    `the variable ${shown} is ${value === undefined ? 'not set' : 'empty'}`,
    { hint },
  )
}

async function fromFile(path: string): Promise<string> {
  const bytes = await readBounded(path, MAX_KEY_BYTES).catch((error: unknown) => {
    throw new AgwError('SECRET_UNREADABLE', `cannot read ${path}: ${whyUnread(error)}`, {
      hint: 'look at it with `ls -l`',
      cause: error,
    })
  })
  if (bytes.length > MAX_KEY_BYTES) {
    throw new AgwError(
      'SECRET_REJECTED',
      `${path} holds more than ${MAX_KEY_BYTES / 1024} KiB, which is no key`,
    )
  }
  return Buffer.from(bytes).toString()
}
