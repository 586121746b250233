import { withoutMark } from '../byte-mark.ts'
import {
  type ClientPlace,
  hashOf,
  type NewClient,
  newVirtualKey,
  planClient,
  requireRead,
  shortHash,
  warningsOf,
} from '../clients/index.ts'
import { AgwError } from '../errors.ts'
import { isObject } from '../json.ts'
import type { LoadedConfig } from '../load.ts'
import type { Secret } from '../secrets/secret.ts'
import type { PlannedFile } from '../setup/planned-file.ts'
import { textToChange } from '../setup/text-to-change.ts'
import { suggested } from '../suggested.ts'
import { ConfigCommand } from './config-command.ts'
import { requireKept } from './guard.ts'
import { sentAs } from './report/clients.ts'
import { tellGateways } from './tell-gateways.ts'
import { type WriteFilesOptions, type WrittenFile, writeAgreed, writeFiles } from './write-files.ts'

/** What a new client is let in by. */
interface Admission {
  readonly loaded: LoadedConfig
  readonly place: ClientPlace
  readonly strict: boolean
  /** What its entry says. */
  readonly entry: Omit<NewClient, 'hash'>
  readonly name: string
  readonly flags: { readonly 'dry-run': boolean; readonly yes: boolean; readonly 'no-input'?: boolean }
}

/** A key that the config knows by now. */
interface Admitted {
  readonly key: Secret
  /** Makes the config as it was before; throws where somebody has changed it since. */
  readonly takeBack: () => Promise<void>
}

/** Nobody has the key: the config forgets it, or it is told how it does. */
async function lost(error: unknown, { key, takeBack }: Admitted, file: string): Promise<Error> {
  const why = error instanceof Error ? error.message : 'it is not known why'
  const after = await takeBack().then(
    () => ({ message: `${file} is as it was`, hint: 'send it where it is taken' }),
    () => ({
      message: 'the config knows a key now that nobody has',
      hint: `${suggested('clients', 'remove', shortHash(hashOf(key)))} takes it out again`,
    }),
  )
  return new AgwError('OUTPUT_FAILED', `${why}; ${after.message}`, { hint: after.hint, cause: error })
}

/** Puts back what a file was made of, as long as it is what was written. */
async function undo(file: PlannedFile, options: WriteFilesOptions): Promise<void> {
  const now = await textToChange(file.path)
  if (withoutMark(now ?? '') !== file.content) throw new Error('changed since')
  const former = { ...file, content: file.madeOf ?? '' }
  await writeAgreed([former], new Map([[file.path, now]]), { ...options, yes: true })
}

/** A command that makes a virtual key: it writes the hash and hands the key over, once. */
export abstract class NewKeyCommand extends ConfigCommand {
  #admitted: Admitted | undefined
  #file = ''

  /** Makes a key, shows and writes the change, and gives the key out. The document under `--json` gets it by itself. */
  protected async admit({ loaded, place, strict, entry, name, flags }: Admission): Promise<{
    readonly key: null
    readonly hash: string | null
    readonly files: readonly WrittenFile[]
  }> {
    if (!flags['dry-run']) requireKept()
    const key = newVirtualKey()
    this.registerSecret(key)
    const hash = hashOf(key)
    const plan = planClient(loaded, place, { ...entry, hash }, { strict })
    requireRead(plan, place)
    const warnings = warningsOf(plan, place, strict)
    // The key first: of one that nobody has, the config would keep the hash.
    const beforeWriting = async () => {
      this.tryOnce()
      await this.terminal.handOver(key)
      return async () => 'the key that was printed lets nobody in'
    }
    const options = { ...this.writeOptions(flags), warnings }
    const files = await writeFiles([plan.file], this.jsonEnabled() ? options : { ...options, beforeWriting })
    if (flags['dry-run']) return { key: null, hash: null, files }
    this.#file = loaded.document.file
    this.#admitted = {
      key,
      takeBack: async () => {
        await undo(plan.file, options)
        await tellGateways(process.env, loaded.path)
      },
    }
    for (const line of await tellGateways(process.env, loaded.path)) this.note(line)
    this.note(
      `this is the key of ${name}, shown this once: ${loaded.document.file} has its hash alone (${shortHash(hash)}). Keep it where the client keeps its secrets; it is sent ${sentAs(place)}`,
    )
    return { key: null, hash: shortHash(hash), files }
  }

  /** The one document with the key in it. The config knows the key by then, and nobody has it where this fails. */
  protected override logJson(document: unknown): void {
    const admitted = this.#admitted
    if (admitted === undefined || !isObject(document) || !('key' in document)) return super.logJson(document)
    const around = (value: string) => this.json({ ...document, key: value }, 2)
    const handed = this.terminal.handOverIn(admitted.key, around)
    handed.catch(async error => this.catch(await lost(error, admitted, this.#file)))
  }
}
