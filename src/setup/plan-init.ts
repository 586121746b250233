import { dirname, join } from 'node:path'
import { readAgwFile, readDocument, validate } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { parseDotenv } from '../secrets/dotenv.ts'
import type { Secret } from '../secrets/secret.ts'
import { shellWord, suggested } from '../suggested.ts'
import { isAgwMethod, type PlannedEntry, planEntry } from './agw-entry.ts'
import {
  type ChosenProvider,
  entryNames,
  type NewConfigChoices,
  planNewConfig,
  slotNames,
  takesKey,
} from './new-config.ts'
import { MANIFESTS, planManifests } from './new-manifests.ts'
import { overruledInShell } from './other-key.ts'
import type { PlannedFile } from './planned-file.ts'
import { textIfAny } from './text-to-change.ts'

export interface InitPlace {
  /** Absolute path of the config. */
  readonly config: string
  readonly cwd: string
  /** Namespace of Kubernetes objects, where that method is chosen. */
  readonly namespace: string
  /** Files of the same names may be replaced. */
  readonly force: boolean
  /** What this shell sets wins over every stored key. */
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface InitPlan {
  readonly files: readonly PlannedFile[]
  /** Keys that a source of agw.yaml keeps: stored before the files are written. */
  readonly kept: readonly { readonly name: string; readonly place: PlannedEntry; readonly key: Secret }[]
  readonly warnings: readonly string[]
  /** The commands to type next; `file` names the config when it is not the one that is found anyway. */
  readonly next: (file: string | undefined) => string[]
}

/** Server-side: the client-side apply keeps a copy of every Secret in an annotation. */
export const APPLY = 'kubectl apply --server-side --field-manager=agw -f'

/** Choices → files, warnings and next steps. The new config is checked before anything is written. */
export async function planInit(choices: NewConfigChoices, place: InitPlace): Promise<InitPlan> {
  const dotenv = await textIfAny(join(place.config, '..', '.env'))
  const files = planNewConfig(choices, { ...place, dotenv })
  requireValid(files)
  await requireFree(files.slice(1), place)
  const kubernetes = choices.providers.some(one => one.method === 'kubernetes')
  const manifests = kubernetes
    ? planManifests(choices, files[0]?.content ?? '', place)
    : { files: [], notes: [] }
  await requireFreeManifests(manifests.files, place)
  files.push(...manifests.files)
  const { kept, file } = await planEntries(choices.providers, slotNames(choices), place)
  if (file !== undefined) files.push(file)
  return {
    files,
    kept,
    warnings: [...warningsOf(choices), ...manifests.notes, ...shellWarnings(choices.providers, place.env)],
    next: file => nextSteps(choices, file, kubernetes, { ...place, dotenv }),
  }
}

/** agw.yaml with an entry for each key that a source of it keeps. */
export async function planEntries(
  providers: readonly ChosenProvider[],
  names: readonly string[],
  { config }: Pick<InitPlace, 'config'>,
): Promise<{ kept: InitPlan['kept']; file: PlannedFile | undefined }> {
  const folder = dirname(config)
  const kept: { name: string; place: PlannedEntry; key: Secret }[] = []
  let agw = providers.some(one => isAgwMethod(one.method)) ? await readAgwFile(folder) : undefined
  const before = agw?.document.text ?? ''
  let file: PlannedFile | undefined
  for (const [index, { method, provider, variable, key }] of providers.entries()) {
    if (!isAgwMethod(method)) continue
    const slot = { name: names[index] ?? provider.id }
    const place = await planEntry(variable ?? provider.variable, method, slot, {}, { folder, agw })
    agw = place.agw
    // All entries are one change of what stands there now.
    file = place.file === undefined ? file : { ...place.file, madeOf: before }
    if (key !== undefined) kept.push({ name: slot.name, place, key })
  }
  return { kept, file }
}

/** A key never overwrites a file that is something else; the dotenv file, to which a variable is added, is one that stays. */
export async function requireFree(
  files: readonly PlannedFile[],
  place: Pick<InitPlace, 'config' | 'force'>,
): Promise<void> {
  const dotenv = join(dirname(place.config), '.env')
  const keys = files.filter(file => file.secret && file.madeOf === undefined)
  for (const { path, content } of keys) {
    if (path === dotenv) {
      throw new AgwError(
        'USAGE',
        'the file for the key is the .env beside the config, where variables stand',
        {
          hint: 'name another file with --key-file PATH',
        },
      )
    }
    const there = await textIfAny(path)
    if (path !== place.config && isOurs(there, content, place)) continue
    throw new AgwError('FILE_EXISTS', `${path} is there already, and is not this key`, {
      hint:
        path === place.config
          ? 'name another file with --key-file PATH'
          : 'name another with --key-file PATH, or replace it with --force',
    })
  }
}

function isOurs(there: string, content: string, { force }: Pick<InitPlace, 'force'>): boolean {
  return force || there === '' || there === content
}

/** Nor do manifests: somebody may have changed them since they were written. */
async function requireFreeManifests(files: readonly PlannedFile[], place: InitPlace): Promise<void> {
  for (const { path, content } of files) {
    if (isOurs(await textIfAny(path), content, place)) continue
    throw new AgwError('FILE_EXISTS', `${path} is there already, and says something else`, {
      hint: 'replace it with --force, look first with --dry-run, or write elsewhere with --file PATH',
    })
  }
}

function nextSteps(
  choices: NewConfigChoices,
  file: string | undefined,
  kubernetes: boolean,
  place: InitPlace & { readonly dotenv: string },
): string[] {
  const option = file === undefined ? '' : ` --file ${shellWord(file)}`
  const names = slotNames(choices)
  const isThere = (variable: string): boolean =>
    place.env[variable] !== undefined || parseDotenv(place.dotenv).values.has(variable)
  const pending = names.filter((_, index) => {
    const chosen = choices.providers[index]
    if (chosen === undefined || !takesKey(chosen.method) || chosen.key !== undefined) return false
    return chosen.method !== 'env' || !isThere(chosen.variable ?? chosen.provider.variable)
  })
  if (kubernetes) {
    const target = `--namespace ${place.namespace}`
    const path = (name: string): string => shellWord(beside(file, name))
    const store = pending.map(name => `agw keys set ${name} --method kubernetes ${target}${option}`)
    const secrets = pending.length < names.length ? [`${APPLY} ${path(MANIFESTS.secret)}`] : []
    return [
      ...store,
      ...secrets,
      `${APPLY} ${path(MANIFESTS.controller)}  # where agentgateway's controller runs`,
      `${APPLY} ${path(MANIFESTS.pod)}  # or, without it: a pod that runs the config`,
    ]
  }
  const first =
    pending.length === 0 ? [`agw validate${option}`] : pending.map(name => `agw keys set ${name}${option}`)
  return [...first, `agw serve${option}`]
}

/** A file beside the config, as it is named from the working folder. */
function beside(config: string | undefined, name: string): string {
  return config === undefined ? name : join(dirname(config), name)
}

function warningsOf(choices: NewConfigChoices): string[] {
  const warnings = methodWarnings(choices.providers, slotNames(choices))
  if (choices.style !== 'llm' && choices.providers.length > 1) {
    const paths = entryNames(choices.providers).map(name => `/${name}`)
    warnings.push(
      `each provider has a path of its own (${paths.join(', ')}): clients put it in front, as in ${paths[0]}/v1/chat/completions`,
    )
  }
  return warnings
}

/** Keys that this shell overrules. */
export function shellWarnings(providers: readonly ChosenProvider[], env: InitPlace['env']): string[] {
  return providers.flatMap(({ method, key, variable, provider }) =>
    key !== undefined && (method === 'env' || isAgwMethod(method))
      ? (overruledInShell(variable ?? provider.variable, key, env) ?? [])
      : [],
  )
}

/** What a way to hand over a key means for whoever has chosen it. */
export function methodWarnings(providers: readonly ChosenProvider[], names: readonly string[]): string[] {
  const warnings: string[] = []
  for (const [index, name] of names.entries()) {
    if (providers[index]?.method !== 'inline') continue
    warnings.push(
      `the key of ${name} stands in the config in clear text: whoever reads the file has it. ${suggested('keys', 'move', name, '--to', 'file')} moves it out`,
    )
  }
  if (providers.some(one => one.method === 'passthrough')) {
    warnings.push(
      "every client's own credential goes to the provider, and the gateway checks none; if you add client keys (apiKey), they must come in another header, or they are sent to the provider too",
    )
  }
  return warnings
}

/** What agw writes is checked like what anybody writes; a finding here is a bug of agw, caught before the file exists. */
function requireValid(files: readonly PlannedFile[]): void {
  const [config] = files
  if (config === undefined) return
  const document = readDocument(config.content, {
    file: config.path,
    lookup: () => 'sk-checked-when-it-is-set',
  })
  const errors = validate(document).diagnostics.filter(one => one.severity === 'error')
  if (errors.length === 0) return
  throw new AgwError('BUG', `the new config would not be valid: ${errors[0]?.message ?? ''}`, {
    diagnostics: errors,
  })
}
