import { type Diagnostic, findConfig, keySlots } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { type LoadedConfig, type LoadOptions, loadConfig } from '../load.ts'
import { NEEDED_NODE, runsOn } from '../node-version.ts'
import {
  currentKeys,
  dotenvSentence,
  forgetExpired,
  inlineKey,
  leftCopies,
  listKeys,
  readKeyNotes,
} from '../secrets/index.ts'
import { suggested } from '../suggested.ts'
import { lookAtFiles } from './files.ts'
import { type Finding, finding } from './finding.ts'
import { lookAtGateways } from './gateways.ts'
import { lookAtSources } from './sources.ts'

export interface DoctorOptions {
  readonly load: LoadOptions
  /** As in `v20.19.0`. */
  readonly nodeVersion: string
  /** The user who runs agw; undefined where the system has none. */
  readonly uid: number | undefined
  /** What Node was told to show, one clause each. */
  readonly exposures: readonly string[]
  /** Called with every config that could be loaded: the place to make its secrets known. */
  readonly onLoaded: (loaded: LoadedConfig) => void
}

/** Looks at everything that agw needs on this machine. Finds; throws for a bug only. */
export async function examine(options: DoctorOptions): Promise<Finding[]> {
  const { load, exposures } = options
  const found = [lookAtNode(options.nodeVersion)]
  for (const what of exposures) found.push(finding('node', 'warning', what, 'start agw without it'))
  const loaded = await lookAtConfig(load, found)
  if (loaded === undefined) return found
  options.onLoaded(loaded)
  return [
    ...found,
    ...(await lookAtFormerKeys(loaded, load)),
    ...(await lookAtKeys(loaded, load)),
    ...(await lookAtSources(loaded, load)),
    ...(await lookAtFiles(loaded, load, options.uid)),
    ...(await lookAtGateways(loaded, load)),
  ]
}

/** The command line itself ends on an unfit one before it gets here; the library does not. */
function lookAtNode(version: string): Finding {
  return runsOn(version)
    ? finding('node', 'ok', version)
    : finding('node', 'error', `${version} is not one that agw runs on`, `use ${NEEDED_NODE}`)
}

const WHY = {
  flag: 'named with --file',
  AGW_CONFIG: 'named by AGW_CONFIG',
  'current folder': 'in the working folder',
  'user configuration': 'in the user configuration, as there is none in the working folder',
} as const

async function lookAtConfig(load: LoadOptions, found: Finding[]): Promise<LoadedConfig | undefined> {
  try {
    const { path, why } = await findConfig(load)
    const loaded = await loadConfig({ ...load, dotenvMayFail: true })
    found.push(finding('config', 'ok', `${path === '-' ? 'standard input' : path}, ${WHY[why]}`))
    found.push(...judged('config', loaded.diagnostics), ...judged('agw.yaml', loaded.agw?.diagnostics ?? []))
    found.push(...lookAtDotenv(loaded))
    return loaded
  } catch (error) {
    if (!(error instanceof AgwError)) throw error
    found.push(finding('config', 'error', error.message, error.hint ?? ''))
    return undefined
  }
}

function lookAtDotenv({ variables: { dotenv, dotenvProblem: bad } }: LoadedConfig): Finding[] {
  const { shown, findings = [] } = dotenv ?? {}
  const doubts = findings.map(({ line, column, message, hint }) =>
    finding('dotenv file', 'warning', `${shown}:${line}:${column}: ${message}`, hint),
  )
  if (bad === undefined) return doubts
  return [...doubts, finding('dotenv file', 'error', dotenvSentence(bad), bad.hint)]
}

function judged(about: string, diagnostics: readonly Diagnostic[]): Finding[] {
  // Keys are told one by one, below.
  const errors = diagnostics.filter(
    one => one.severity === 'error' && !['VARIABLE_UNSET', 'SOURCE_FAILED'].includes(one.code),
  )
  if (errors.length === 0) return []
  const detail = `has ${errors.length} ${errors.length === 1 ? 'error' : 'errors'}`
  return [finding(about, 'error', detail, `see them with ${suggested('validate')}`)]
}

const STATES = {
  ok: 'ok',
  missing: 'error',
  empty: 'error',
  unreadable: 'error',
  suspect: 'warning',
  refused: 'error',
} as const

async function lookAtKeys(loaded: LoadedConfig, { cwd, env }: LoadOptions): Promise<Finding[]> {
  if (loaded.draft === undefined) return []
  const { variables, folder, path, diagnostics } = loaded
  const notes = await readKeyNotes(path, env)
  const slots = keySlots(loaded.draft, loaded.document)
  const ageLimits = loaded.agw?.ageLimits
  const now = Date.now()
  const rows = await listKeys(slots, { diagnostics, variables, cwd, folder, env, notes, ageLimits, now })
  const copies = await leftCopies(slots, { ...loaded, config: path, notes, cwd, env })
  const left = copies.map(one => finding(`key ${one.slot.name}`, 'warning', one.message, one.hint))
  const told = rows.flatMap(({ slot, source, fingerprint, state, detail, age }) => {
    const about = `key ${slot.name}`
    const what = `${source}${fingerprint === null ? '' : `  ${fingerprint}`}`
    const how = state === 'ok' && slot.method === 'none' && detail !== undefined ? 'note' : STATES[state]
    const found = [finding(about, how, what, detail ?? '')]
    if (slot.method === 'inline') {
      const { message, hint } = inlineKey(slot)
      found.push(finding(about, 'warning', message, hint))
    }
    if (age !== undefined)
      found.push(finding(about, age.state === 'old' ? 'warning' : 'note', age.message, age.hint))
    return found
  })
  return [...told, ...left]
}

/** Old keys of rotations whose time is over are taken away, as every `keys` command would. */
async function lookAtFormerKeys(loaded: LoadedConfig, { cwd, env }: LoadOptions): Promise<Finding[]> {
  const { draft, document, variables } = loaded
  const slots = draft === undefined ? [] : keySlots(draft, document)
  const gone = await forgetExpired({ ...loaded, slots }, () => currentKeys(slots, variables, cwd), {
    cwd,
    env,
  })
  return gone.map(({ name, fingerprint, place, result, why }) =>
    result === 'forgotten'
      ? finding(`old key ${name}`, 'ok', `${fingerprint} is forgotten: its time was over (${place})`)
      : finding(`old key ${name}`, 'warning', `${fingerprint} should be gone from ${place}: ${why ?? ''}`),
  )
}
