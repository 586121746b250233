import { CODES } from '../codes.ts'
import type { Diagnostic, Path } from '../diagnostic.ts'
import type { ConfigDocument } from '../document.ts'
import type { Config } from '../schema.ts'
import { shownText } from '../shown-word.ts'
import { type KeySlot, keySlots } from '../slots.ts'
import { BASE_URL_RULES } from './base-urls.ts'
import { CLIENT_RULES } from './clients.ts'
import { EXPOSURE_RULES } from './exposure.ts'
import { EXPRESSION_RULES } from './expressions.ts'
import { FILE_RULES } from './file-rules.ts'
import { KEY_PLACE_RULES } from './key-places.ts'
import { LIMIT_RULES } from './limits.ts'
import { LOAD_RULES } from './load-errors.ts'
import { MATCH_RULES } from './matches.ts'
import { METRIC_RULES } from './metrics.ts'
import { OLD_PLACE_RULES } from './old-places.ts'
import { COLLECTED_KEYS, type CollectedKey, type PlaceContext, type PlaceRule, type Report } from './rule.ts'
import { sceneOf } from './scene.ts'
import { TOKEN_RULES } from './tokens.ts'
import { isNode, type Node, type Place, pathKey, startsWith, walk } from './tree.ts'
import { UNANSWERABLE_RULES } from './unanswerable.ts'
import { unanswered } from './unanswered.ts'
import { VARIABLE_RULES } from './variables.ts'

const PLACE_RULES: readonly PlaceRule[] = [
  ...BASE_URL_RULES,
  ...KEY_PLACE_RULES,
  ...CLIENT_RULES,
  ...TOKEN_RULES,
  ...EXPOSURE_RULES,
  ...LIMIT_RULES,
  ...LOAD_RULES,
  ...MATCH_RULES,
  ...OLD_PLACE_RULES,
  ...EXPRESSION_RULES,
  ...METRIC_RULES,
  ...UNANSWERABLE_RULES,
]

/** What the rules judge. */
interface Judged {
  /** The file as plain data, without what is wrong with names and sections where that can be told. */
  readonly data: unknown
  /** The same, parsed: there when its shape is sound. */
  readonly config: Config | undefined
  /** The places that findings of the schema leave in doubt. */
  readonly broken: readonly Path[]
  /** Names and sections of the data are as they should be; at most single values are wrong. */
  readonly isSound: boolean
  /** The schema has found nothing at all. */
  readonly isWhole: boolean
}

/**
 * Findings on the meaning of a config. Nothing is said about what is in doubt, nor, unless the data are sound, about how
 * its parts fit together. Of a file that is no YAML only the variables are looked at: they may be what breaks it.
 */
export function findingsOfRules(
  document: ConfigDocument,
  { data: judged, config, broken, isSound, isWhole }: Judged,
): Diagnostic[] {
  const data = isNode(judged) ? judged : {}
  const { found, report } = collector(document, broken)
  const context: PlaceContext = { data, document, report }
  const places = judgePlaces(data, context)
  let slots: readonly KeySlot[] | undefined
  const getSlots = (): readonly KeySlot[] => {
    if (slots === undefined) slots = config === undefined ? [] : keySlots(config, document)
    return slots
  }
  for (const rule of VARIABLE_RULES) rule(context, getSlots)
  if (isSound && judged !== undefined) {
    const placesOf = (key: CollectedKey): readonly Place[] => places.get(key) ?? []
    const whole = { ...context, scene: sceneOf(data), slots: getSlots, placesOf }
    for (const rule of FILE_RULES) rule(whole)
    // What refers to nothing answers nowhere, and has been told as that.
    if (isWhole && found.every(one => one.severity !== 'error')) unanswered(whole)
  }
  return found
}

/** One walk for all rules on places; gives the places that other rules need. */
function judgePlaces(data: Node, context: PlaceContext): ReadonlyMap<string, readonly Place[]> {
  const rules = new Map<string, PlaceRule[]>()
  const collected = new Map<string, Place[]>(COLLECTED_KEYS.map(key => [key, []]))
  for (const key of COLLECTED_KEYS) rules.set(key, [])
  for (const rule of PLACE_RULES) {
    for (const key of rule.keys) rules.set(key, [...(rules.get(key) ?? []), rule])
  }
  walk(data, rules, place => {
    collected.get(String(place.key))?.push(place)
    for (const rule of rules.get(String(place.key)) ?? []) rule.judge(place, context)
  })
  return collected
}

const KEPT_TEXTS = 1000

/** Turns findings into diagnostics: one of each code at each place, and none where a variable is not set. */
function collector(
  document: ConfigDocument,
  broken: readonly Path[],
): { found: Diagnostic[]; report: Report } {
  const found: Diagnostic[] = []
  const seen = new Set<string>()
  // A hundred thousand findings say the same of as many places.
  const texts = new Map<string, string>()
  const shown = (text: string): string => {
    const known = texts.get(text) ?? shownText(text)
    if (texts.size < KEPT_TEXTS) texts.set(text, known)
    return known
  }
  const isWhole = document.variables.every(use => !use.missing)
  const isUnknown = (path: Path): boolean => {
    if (isWhole) return false
    const range = document.rangeOf(path)
    return range.start.line === range.end.line && document.variablesIn(range).some(use => use.missing)
  }
  const report: Report = ({ code, path, message, hint, at = 'value', span }) => {
    const identity = `${code} ${span?.start ?? pathKey(path)}`
    if (seen.has(identity)) return
    seen.add(identity)
    if (span === undefined) {
      if (broken.some(section => startsWith(path, section) || startsWith(section, path))) return
      if (isUnknown(path)) return
    }
    const range = span === undefined ? document.rangeOf(path, at) : document.lines.range(span.start, span.end)
    found.push({
      code,
      severity: CODES[code].severity,
      message: shown(message),
      hint: shown(hint),
      file: document.file,
      path,
      range,
    })
  }
  return { found, report }
}
