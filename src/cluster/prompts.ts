import type { Path } from '../config/index.ts'
import { isNode, isSet, listAt } from '../config/rules/tree.ts'
import { guardWords } from './guards.ts'
import type { Taken } from './taken.ts'
import { unwritten } from './unwritten.ts'
import { expression, type Words } from './words.ts'

const MOST_FIELDS = 64
const LONGEST_FIELD = 256

/** What manifests call it, and how it is written there. */
interface Kind {
  readonly word: string
  readonly write: (value: unknown) => unknown
}

const KINDS = {
  defaults: { word: 'defaults', write: fields('value', value => value) },
  overrides: { word: 'overrides', write: fields('value', value => value) },
  transformations: { word: 'transformations', write: fields('expression', expression) },
  modelAliases: { word: 'modelAliases', write: aliases },
  prompts: { word: 'prompt', write: prompt },
  promptCaching: { word: 'promptCaching', write: value => value },
  promptGuard: { word: 'promptGuard', write: guardWords },
} satisfies Readonly<Record<string, Kind>>

/** The kinds as an entry of `llm.models` calls them. */
const OF_MODELS: Readonly<Record<string, keyof typeof KINDS>> = {
  defaults: 'defaults',
  overrides: 'overrides',
  transformation: 'transformations',
  promptCaching: 'promptCaching',
  guardrails: 'promptGuard',
}

/** What an `ai` policy does with requests for a model, as `ai` of a backend. `levels` are maps of policies, the strongest first. */
export function promptWords(taken: Taken, levels: readonly Path[]): Words {
  const words: Record<string, unknown> = {}
  for (const [key, kind] of Object.entries<Kind>(KINDS))
    write(
      taken,
      kind,
      levels.map(level => [...level, 'ai', key]),
      words,
    )
  return words
}

/** The same of an entry of `llm.models`, at its path. */
export function modelPromptWords(taken: Taken, path: Path): Words {
  const words: Record<string, unknown> = {}
  for (const [key, kind] of Object.entries(OF_MODELS)) write(taken, KINDS[kind], [[...path, key]], words)
  return words
}

function write(taken: Taken, kind: Kind, all: readonly Path[], words: Record<string, unknown>): void {
  const places = all.filter(path => isSet(taken.look(...path)))
  const [strongest] = places
  if (strongest === undefined) return
  taken.attempt(strongest, () => {
    // The strongest stands for itself, in both: what weaker places say of the same counts nowhere.
    const [value] = places.map((path, index) =>
      index === 0 ? taken.takeFree(...path) : taken.takeKey(...path),
    )
    const written = kind.write(value)
    if (written !== undefined) words[kind.word] = written
  })
}

function fields(key: string, of: (value: unknown) => unknown): (map: unknown) => Words[] | undefined {
  return map => {
    const entries = Object.entries(isNode(map) ? map : {})
    if (
      entries.length > MOST_FIELDS ||
      entries.some(([field]) => field === '' || field.length > LONGEST_FIELD)
    )
      unwritten(
        `the controller takes no more than ${MOST_FIELDS} fields, and names of 1 to ${LONGEST_FIELD} characters`,
      )
    return entries.length === 0 ? undefined : entries.map(([field, value]) => ({ field, [key]: of(value) }))
  }
}

function aliases(map: unknown): unknown {
  const count = Object.keys(isNode(map) ? map : {}).length
  if (count > MOST_FIELDS) unwritten(`the controller takes no more than ${MOST_FIELDS} aliases`)
  return count === 0 ? undefined : map
}

function prompt(value: unknown): Words | undefined {
  const [prepend, append] = ['prepend', 'append'].map(side => listAt(value, side))
  const words = {
    ...(prepend !== undefined && prepend.length > 0 && { prepend }),
    ...(append !== undefined && append.length > 0 && { append }),
  }
  return Object.keys(words).length === 0 ? undefined : words
}
