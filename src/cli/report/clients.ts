import { type ClientEntry, type ClientPlace, keyAges, metadataWords, shortHash } from '../../clients/index.ts'
import { type ConfigDocument, formatPath, printable } from '../../config/index.ts'
import { valueAt } from '../../config/rules/tree.ts'
import { suggested } from '../../suggested.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'

/** `agw clients list` as a table; a column that says nothing of any client is left out. */
export function clientsText(entries: readonly ClientEntry[], terminal: Terminal): string {
  if (entries.length === 0)
    return `the config knows no client by a key: ${suggested('clients', 'add', 'NAME')} makes one`
  const ages = keyAges(entries)
  const places = new Set(entries.map(one => one.place.id))
  const columns: [heading: string, cell: (entry: ClientEntry) => string | undefined, always?: true][] = [
    ['NAME', entry => entry.name, true],
    ['HASH', ({ hash }) => hash && shortHash(hash), true],
    ['AGE', entry => ages.get(entry)],
    ['METADATA', entry => metadataWords(entry.metadata).join(' ')],
    ['MODELS', ({ models }) => (models === undefined ? undefined : models.join(' ') || 'none')],
    ['PLACE', entry => (places.size > 1 ? entry.place.id : undefined)],
  ]
  const used = columns.filter(([, cell, always]) => always || entries.some(entry => cell(entry)))
  return table(
    used.map(([heading]) => heading),
    entries.map(entry =>
      used.map(([heading, cell]) => printable(cell(entry) ?? '') || (heading === 'MODELS' ? 'all' : '–')),
    ),
    terminal,
  )
}

/** The same for machines. */
export function clientJson(
  entry: ClientEntry,
  document: ConfigDocument,
  age: 'older' | 'newer' | undefined,
): object {
  const { name, hash, metadata, models, place, path, inClear } = entry
  return {
    name: name ?? null,
    hash: hash === undefined ? null : shortHash(hash),
    age: age ?? null,
    metadata,
    models: models ?? null,
    place: place.id,
    mode: modeOf(place),
    inClear,
    path: formatPath(path),
    line: document.rangeOf(path).start.line,
  }
}

/** What becomes of requests without a key there. */
export function modeOf({ policy }: Pick<ClientPlace, 'policy'>): string {
  return String(policy?.['mode'] ?? 'optional')
}

/** How a client sends its key, as the policy of the place looks for it. */
export function sentAs({ policy }: Pick<ClientPlace, 'policy'>): string {
  const location = valueAt(policy, 'location')
  if (location === undefined || location === null)
    return "as `Authorization: Bearer KEY`, like a provider's key"
  const text = (...path: string[]): string | undefined => {
    const found = valueAt(location, ...path)
    return typeof found === 'string' ? found : undefined
  }
  const [header, parameter, cookie] = ['header', 'queryParameter', 'cookie'].map(kind => text(kind, 'name'))
  if (header !== undefined) return `as \`${header}: ${text('header', 'prefix') ?? ''}KEY\``
  if (parameter !== undefined) return `as \`?${parameter}=KEY\` in the address`
  return cookie === undefined ? 'where `location` of that place says' : `in the cookie \`${cookie}\``
}
