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
import { suggested } from '../suggested.ts'
import { ConfigCommand } from './config-command.ts'
import { requireKept } from './guard.ts'
import { sentAs } from './report/clients.ts'
import { tellGateways } from './tell-gateways.ts'
import { type WrittenFile, writeFiles } from './write-files.ts'

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

function lost(error: unknown, hash: string): Error {
  const why = error instanceof Error ? error.message : 'it is not known why'
  return new AgwError('OUTPUT_FAILED', `${why}; the config knows a key now that nobody has`, {
    hint: `${suggested('clients', 'remove', hash)} takes it out again`,
    cause: error,
  })
}

/** A command that makes a virtual key: it writes the hash and hands the key over, once. */
export abstract class NewKeyCommand extends ConfigCommand {
  /** The new key, once the config knows it. */
  #key: Secret | undefined

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
      await this.terminal.handOver(key)
      return async () => 'the key that was printed lets nobody in'
    }
    const options = { ...this.writeOptions(flags), warnings }
    const files = await writeFiles([plan.file], this.jsonEnabled() ? options : { ...options, beforeWriting })
    if (flags['dry-run']) return { key: null, hash: null, files }
    this.#key = key
    for (const line of await tellGateways(process.env, loaded.path)) this.note(line)
    this.note(
      `this is the key of ${name}, shown this once: ${loaded.document.file} has its hash alone (${shortHash(hash)}). Keep it where the client keeps its secrets; it is sent ${sentAs(place)}`,
    )
    return { key: null, hash: shortHash(hash), files }
  }

  /** The one document with the key in it. The config knows the key by then, and nobody has it where this fails. */
  protected override logJson(document: unknown): void {
    const key = this.#key
    if (key === undefined || !isObject(document) || !('key' in document)) return super.logJson(document)
    const handed = this.terminal.handOverIn(key, value => this.json({ ...document, key: value }, 2))
    handed.catch(error => this.catch(lost(error, shortHash(hashOf(key)))))
  }
}
