import {
  appendValue,
  aroundItem,
  type ConfigDocument,
  editLongList,
  insertValue,
  literalText,
  onOneLine,
  quoted,
  readDocument,
  removeItem,
  setValue,
} from '../config/index.ts'
import { isNode, type Node, nodeAt } from '../config/rules/tree.ts'
import { AgwError } from '../errors.ts'
import type { LoadedConfig } from '../load.ts'
import { type EditedConfig, editedConfig } from '../setup/edited-config.ts'
import { type ClientEntry, clientEntries } from './entries.ts'
import type { ClientPlace } from './places.ts'

/** A client that is to be known, as its entry says it. */
export interface NewClient {
  /** As in `sha256:1a2b…`, whole. */
  readonly hash: string
  /** Ready to be written: see {@link described} and {@link likeEntry}. */
  readonly metadata: unknown
  readonly models: unknown
}

/** What an entry says of a client that was named on the command line. */
export function described(
  name: string,
  metadata: Readonly<Record<string, string>>,
  models: readonly string[] | undefined,
): Omit<NewClient, 'hash'> {
  const words = Object.entries({ name, ...metadata }).map(([key, text]) => [key, literalText(text)] as const)
  return {
    metadata: onOneLine(Object.fromEntries(words)),
    models: models && onOneLine(models.map(literalText)),
  }
}

/** What an entry says by now, as it is written: variables stay variables. Throws CONFIG_INVALID where that cannot be told. */
export function likeEntry({ document }: LoadedConfig, client: ClientEntry): Omit<NewClient, 'hash'> {
  const entry = writtenEntry(document, client)
  if (entry === undefined) {
    const { line, column } = document.rangeOf(client.path).start
    throw new AgwError('CONFIG_INVALID', `${document.file}:${line}:${column}: this entry cannot be copied`, {
      hint: 'a variable stands for a part of its structure: add the new entry by hand',
    })
  }
  const metadata = nodeAt(entry, 'metadata')
  const models = entry['allowedModels']
  return {
    metadata: metadata && onOneLine(asWritten(metadata) as object),
    models: Array.isArray(models) ? onOneLine(asWritten(models) as object) : undefined,
  }
}

function writtenEntry(document: ConfigDocument, { place, index, name }: ClientEntry): Node | undefined {
  const list = [...place.path, 'keys']
  const texts = [aroundItem(document, list, index), { text: document.text, index }]
  for (const one of texts) {
    if (one === undefined) continue
    const { data } = readDocument(one.text, { file: document.file, literal: true })
    const entry = nodeAt(data, ...list, one.index)
    const called = nodeAt(entry, 'metadata')?.['name']
    // By another name it would be another entry, unless the name is a variable.
    if (entry !== undefined && (called === name || String(called).includes('$'))) return entry
  }
  return undefined
}

function asWritten(value: unknown): unknown {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return value.map(asWritten)
  if (!isNode(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, asWritten(one)]))
}

/** The config as it shall be, and what is to be known before anybody agrees. */
export type ClientPlan = EditedConfig

/**
 * Plans to let a client in at a place; with `strict`, those that show no key are refused there from then on. A place that
 * has no policy yet gets one, which is strict. Throws CONFIG_INVALID where the result would not load.
 */
export function planClient(
  loaded: LoadedConfig,
  place: ClientPlace,
  client: NewClient,
  { strict }: { readonly strict: boolean },
): ClientPlan {
  const entry = {
    keyHash: literalText(client.hash),
    ...(client.metadata !== undefined && { metadata: client.metadata }),
    ...(client.models !== undefined && { allowedModels: client.models }),
  }
  const { document } = loaded
  const { path, policy } = place
  const content =
    policy === undefined
      ? insertValue(document.text, path, { mode: 'strict', keys: [entry] })
      : editLongList(document, [...path, 'keys'], -1, text => {
          const added = appendValue(text, [...path, 'keys'], entry)
          const closes = strict && policy['mode'] !== 'strict'
          return closes ? setValue(added, [...path, 'mode'], 'strict') : added
        })
  return planned(loaded, content, before => [...before, client.hash])
}

/** Throws USAGE where nothing would look at the models that a key is to be kept to. */
export function requireRead({ findings }: ClientPlan, place: ClientPlace): void {
  if (!findings.some(one => one.code === 'ALLOWED_MODELS_UNREAD')) return
  throw new AgwError(
    'USAGE',
    `--models: nothing at ${place.id} looks at them, so the key could use any model`,
    {
      hint: 'only the llm section does: leave --models out, or decide with authorization rules',
    },
  )
}

/** What to know before anybody agrees: what changes for other clients, and what the config will have wrong. */
export function warningsOf({ findings }: ClientPlan, { id, policy }: ClientPlace, strict: boolean): string[] {
  const mode = policy?.['mode'] ?? 'optional'
  const closes = `from then on ${id} refuses every request without a key`
  const open = `requests without a key pass at ${id} all the same (mode: ${mode}): --require-keys ends that`
  return [
    ...(policy === undefined || (strict && mode !== 'strict') ? [closes] : []),
    ...(policy !== undefined && !strict && mode !== 'strict' ? [open] : []),
    ...findings.map(one => `${one.message}: ${one.hint}`),
  ]
}

/** Plans to take a client's key out. */
export function planWithout(loaded: LoadedConfig, entry: ClientEntry): ClientPlan {
  const list = [...entry.place.path, 'keys']
  const content = editLongList(loaded.document, list, entry.index, (text, at) => removeItem(text, list, at))
  return planned(loaded, content, before => before.toSpliced(entryAt(loaded, entry), 1))
}

function entryAt({ document }: LoadedConfig, { path }: ClientEntry): number {
  const wanted = JSON.stringify(path)
  return clientEntries(document).findIndex(one => JSON.stringify(one.path) === wanted)
}

/** The plan, if what the gateway will read is what it should be: variables in the text may stand for anything. */
function planned(
  loaded: LoadedConfig,
  content: string,
  wanted: (before: readonly (string | undefined)[]) => readonly (string | undefined)[],
): ClientPlan {
  const { file, findings, document } = editedConfig(loaded, content)
  const hashes = (of: readonly (string | undefined)[]): string =>
    JSON.stringify(of.map(one => one ?? null).toSorted())
  const [before, after] = [loaded.document, document].map(one => clientEntries(one).map(entry => entry.hash))
  if (hashes(after ?? []) !== hashes(wanted(before ?? []))) {
    throw new AgwError('CONFIG_INVALID', `${loaded.name} cannot be changed without rewriting it`, {
      hint: 'a variable stands for a part of its structure: change the list of keys by hand',
    })
  }
  return { file, findings, document }
}
