import type { z } from 'zod'
import { suggested } from '../suggested.ts'
import type { Code } from './codes.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { ConfigDocument } from './document.ts'
import { countBefore } from './halving.ts'
import { type Finding, toFindings } from './issues.ts'
import { doubtful, holeOf, mendedData } from './mended.ts'
import { findingsOfRules } from './rules/index.ts'
import { type Config, configSchema } from './schema.ts'
import { keySlots } from './slots.ts'

/** What a check gives: every finding, and the config when there is no error among them. */
export interface Checked {
  readonly config: Config | undefined
  /** The config where only its shape is sound: unset variables stand as written. Good for naming key slots. */
  readonly draft: Config | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/** Document → config and findings, all of them, in the order of the file. Never throws on content. */
export function validate(document: ConfigDocument): Checked {
  const parsed = document.data === undefined ? undefined : configSchema.safeParse(document.data)
  const config = parsed?.data
  const shape = parsed?.error === undefined ? [] : toFindings(parsed.error.issues, document.data)
  const sound = soundData(document.data, shape)
  // In one list: as arguments of a call there may be too many of them.
  const found = [
    ...document.diagnostics,
    ...placed(document, shape),
    ...findingsOfRules(document, {
      data: sound?.data ?? document.data,
      config: sound?.config,
      broken: shape.flatMap(finding => doubtful(finding, sound !== undefined)),
      isSound: sound !== undefined,
      isWhole: shape.length === 0,
    }),
  ]
  const told = config === undefined ? found : found.map(naming(config, document))
  const diagnostics = told.sort((a, b) => a.range.start.offset - b.range.start.offset)
  const broken = diagnostics.some(one => one.severity === 'error')
  return { config: broken ? undefined : config, draft: config, diagnostics }
}

/** Where a variable stands for a key, what to do is to store that. A large file has thousands of both. */
function naming(config: Config, document: ConfigDocument): (one: Diagnostic) => Diagnostic {
  const slots = keySlots(config, document)
    .filter(slot => slot.variable !== undefined)
    .map(slot => ({ slot, range: document.rangeOf(slot.path) }))
  return one => {
    if (one.code !== 'VARIABLE_UNSET') return one
    const { start, end } = one.range
    // Keys do not stand in each other: the last one that begins before it is the only one it can be part of.
    const found = slots[countBefore(slots, slot => slot.range.start.offset <= start.offset) - 1]
    if (found === undefined || end.offset > found.range.end.offset) return one
    const { name, variable } = found.slot
    if (!one.message.includes(` ${variable} `)) return one
    return { ...one, hint: `store the key with ${suggested('keys', 'set', name)}, or export ${variable}` }
  }
}

/** Mistakes in a value that nothing else of the file depends on. */
const OF_ONE_VALUE = new Set<Code>([
  'BAD_DURATION',
  'BAD_EXPRESSION',
  'BAD_HEADER',
  'BAD_HOST',
  'BAD_KEY_HASH',
  'BAD_NUMBER',
  'BAD_REGEX',
  'BAD_URL',
])

/** Whether the rest of the file can be judged as if this was right: no name, key or section is in doubt. */
function isOfOneValue({ code, path }: Finding): boolean {
  return (
    OF_ONE_VALUE.has(code) ||
    // What listeners speak decides what attaches to them.
    (code === 'UNKNOWN_VALUE' && path.at(-1) !== 'protocol') ||
    (code === 'WRONG_TYPE' && path.some(one => one === 'policies' || one === 'params'))
  )
}

/** What the rest of the file can be judged by; undefined where names and sections are in doubt that others refer to. */
function soundData(
  data: unknown,
  shape: readonly Finding[],
): { readonly data: unknown; readonly config: Config | undefined } | undefined {
  const inDoubt = (finding: Finding): boolean => !isOfOneValue(finding)
  const isMended = shape.some(inDoubt)
  if (!isMended) return { data, config: configSchema.safeParse(data).data }
  const mended = mendedData(data, shape, inDoubt)
  if (mended === undefined) return undefined
  const { data: config, error } = configSchema.safeParse(mended.data)
  const left = error === undefined ? [] : toFindings(error.issues, mended.data).filter(inDoubt)
  const isSound = left.every(one => one.code === 'MISSING_KEY' && mended.holes.has(holeOf(one)))
  return isSound ? { data: mended.data, config } : undefined
}

/** What a failed parse of a document's data found, in the order of the file. */
export function shapeFindings(document: ConfigDocument, issues: readonly z.core.$ZodIssue[]): Diagnostic[] {
  return placed(document, toFindings(issues, document.data)).sort(
    (a, b) => a.range.start.offset - b.range.start.offset,
  )
}

function placed(document: ConfigDocument, findings: readonly Finding[]): Diagnostic[] {
  const found = findings.map(finding => ({
    code: finding.code,
    severity: 'error' as const,
    message: finding.message,
    hint: finding.hint,
    file: document.file,
    path: finding.path,
    range: document.rangeOf(finding.path, finding.at),
  }))
  // A value with an unset variable in it is already reported; what its text would mean is not known yet.
  return found.filter(
    ({ range }) =>
      range.start.line !== range.end.line || !document.variablesIn(range).some(use => use.missing),
  )
}
