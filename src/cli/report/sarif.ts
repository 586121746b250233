import { createHash } from 'node:crypto'
import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Diagnostic, formatPath, type Severity } from '../../config/diagnostic.ts'
import { CODES, type Code, type Stage, shownLine, stageOf } from '../../config/index.ts'
import { printableJson } from '../../config/printable.ts'
import type { AgwError } from '../../errors.ts'
import { type CheckedFile, failureSentence, fileBelow, sentence } from './checked-file.ts'

export interface SarifOptions {
  /** Where file names start. */
  readonly root: string
  /** The version of agw. */
  readonly version: string
}

const LEVEL: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  note: 'note',
  'unsupported-here': 'note',
}
/** Findings of these stages are about who gets to see or use a key. */
const ABOUT_KEYS: ReadonlySet<Stage> = new Set<Stage>(['keys', 'provider keys', 'clients', 'scan'])
/** How bad a finding on keys is, on the scale that code scanning sorts by: 7 and more is high, 4 and more medium. */
const SECURITY: Readonly<Record<Severity, string>> = {
  error: '7.5',
  warning: '7.0',
  note: '4.0',
  'unsupported-here': '1.0',
}
const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'
const HOME = 'https://agentgateway.dev'
const ROOT = '%SRCROOT%'

/** The findings as SARIF 2.1.0, ignored ones among them, with the metadata of every code that occurs. */
export function sarifText(files: readonly CheckedFile[], { root, version }: SarifOptions): string {
  const found = files.flatMap(file => [
    ...file.diagnostics.map(diagnostic => ({ file, diagnostic, reason: undefined })),
    ...file.suppressed.map(({ diagnostic, reason }) => ({ file, diagnostic, reason })),
  ])
  const used = new Set(found.map(one => one.diagnostic.code))
  const codes = (Object.keys(CODES) as Code[]).filter(code => used.has(code))
  const fingerprint = fingerprints()
  const results = found.map(({ file, diagnostic, reason }) => ({
    ruleId: diagnostic.code,
    ruleIndex: codes.indexOf(diagnostic.code as Code),
    level: LEVEL[diagnostic.severity],
    message: { text: sentence(diagnostic) },
    locations: [locationOf(file, diagnostic, root)],
    partialFingerprints: { 'agwFinding/v1': fingerprint(file, diagnostic, root) },
    ...(reason !== undefined && { suppressions: [{ kind: 'inSource', justification: reason }] }),
    properties: { severity: diagnostic.severity },
  }))
  const driver = {
    name: 'agw',
    semanticVersion: version,
    informationUri: HOME,
    rules: codes.map(ruleOf),
  }
  const run = {
    tool: { driver },
    columnKind: 'utf16CodeUnits',
    originalUriBaseIds: { [ROOT]: { description: { text: 'The folder that names of files start in.' } } },
    artifacts: [...new Map(files.map(file => [file.path, { location: artifactOf(file, root) }])).values()],
    results,
  }
  return documentOf(run)
}

/** A run that came to no result: what reads the file sees a check that failed, not one without findings. */
export function sarifFailure(error: AgwError, version: string): string {
  const notification = {
    level: 'error',
    descriptor: { id: error.code },
    message: { text: failureSentence(error) },
  }
  const run = {
    tool: { driver: { name: 'agw', semanticVersion: version, informationUri: HOME } },
    columnKind: 'utf16CodeUnits',
    invocations: [
      { executionSuccessful: false, exitCode: error.exitCode, toolExecutionNotifications: [notification] },
    ],
    results: [],
  }
  return documentOf(run)
}

function documentOf(run: object): string {
  return printableJson(JSON.stringify({ $schema: SCHEMA, version: '2.1.0', runs: [run] }, null, 2))
}

function ruleOf(code: Code): object {
  const { severity, title, why } = CODES[code]
  const security = ABOUT_KEYS.has(stageOf(code))
  return {
    id: code,
    name: code.toLowerCase().replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: { text: `${why} \`agw explain ${code}\` shows what to do, with an example.` },
    defaultConfiguration: { level: LEVEL[severity] },
    properties: {
      tags: security ? ['agentgateway', 'security'] : ['agentgateway'],
      precision: 'high',
      ...(security && { 'security-severity': SECURITY[severity] }),
    },
  }
}

function locationOf(file: CheckedFile, { range, path }: Diagnostic, root: string): object {
  const { start, end } = range
  const region = {
    startLine: start.line,
    startColumn: start.column,
    endLine: end.line,
    endColumn: end.column,
  }
  const physicalLocation = { artifactLocation: artifactOf(file, root), region }
  return path.length === 0
    ? { physicalLocation }
    : { physicalLocation, logicalLocations: [{ fullyQualifiedName: formatPath(path) }] }
}

function artifactOf(file: CheckedFile, root: string): object {
  const name = fileBelow(root, file)
  if (isAbsolute(name)) return { uri: pathToFileURL(name).href }
  return { uri: name.split('/').map(encodeURIComponent).join('/'), uriBaseId: ROOT }
}

/**
 * Tells a finding again when lines above it come and go: by file, code, path and the text of its line as written, never
 * by its number. Secrets are masked first. Equal ones are numbered.
 */
function fingerprints(): (file: CheckedFile, one: Diagnostic, root: string) => string {
  const taken = new Map<string, number>()
  return (file, { code, path, range }, root) => {
    const line = shownLine(file.document.lines, range.start.line).trim().replace(/\s+/g, ' ')
    const parts = JSON.stringify([fileBelow(root, file), code, formatPath(path), line])
    const hash = createHash('sha256').update(parts).digest('hex').slice(0, 32)
    const number = (taken.get(hash) ?? 0) + 1
    taken.set(hash, number)
    return `${hash}:${number}`
  }
}
