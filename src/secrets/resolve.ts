import { isAbsolute, resolve } from 'node:path'
import { formatPath, type Path } from '../config/diagnostic.ts'
import type { Config } from '../config/schema.ts'
import type { KeySlot } from '../config/slots.ts'
import { AgwError, type ErrorCode } from '../errors.ts'
import { suggested } from '../suggested.ts'
import type { LastGood } from './last-good.ts'
import { type FileFacts, readSecretFile, type SecretFile, trimSecret } from './read.ts'
import type { ResolvedSlot, SlotProblem } from './resolved-slot.ts'
import { Secret } from './secret.ts'

declare const resolvedMark: unique symbol

/** The tree of a config in which every key slot holds a `Secret`, never `{file}`. */
export type ResolvedConfig = Config & { readonly [resolvedMark]: true }

export interface ResolveOptions {
  /** As `keySlots` finds them. */
  readonly slots: readonly KeySlot[]
  /** Relative paths start here, as in agentgateway. */
  readonly cwd: string
  /** The folder of config.yaml, to tell when a file lies there instead. */
  readonly configDir: string
  /** The value of CREDENTIALS_DIRECTORY. */
  readonly credentialsDirectory?: string | undefined
  /** The key that the one of a slot took the place of not long ago. */
  readonly formerOf?: ((slot: KeySlot, secret: Secret) => Promise<Secret['former']>) | undefined
  /** What stands in for a key file that has gone bad while a gateway runs. */
  readonly lastGood?: LastGood | undefined
  /** A slot without a key gets a stand-in instead of an error; `isUnset` tells those whose variable has no value. */
  readonly standIns?: { readonly isUnset: (slot: KeySlot) => boolean } | undefined
}

/** Stands where a key is missing. A mock takes it, a provider never sees it. */
const STAND_IN = 'agw-stand-in-key'

/**
 * Reads the keys that slots keep in files and puts them into a copy of the tree (only what lies on the way to a slot
 * is copied). Throws one SECRET_MISSING, SECRET_UNREADABLE or SECRET_REJECTED that lists every slot without a usable
 * key, with a `SlotProblem` each in `diagnostics`.
 */
export async function resolveSecrets(
  config: Config,
  options: ResolveOptions,
): Promise<{ config: ResolvedConfig; resolved: ResolvedSlot[] }> {
  const { standIns } = options
  const slots = await resolveSlots(options)
  const found = standIns === undefined ? slots : slots.map(one => withStandIn(one, options, standIns.isUnset))
  const problems = found.flatMap(one => ('problem' in one ? [one.problem] : []))
  if (problems.length > 0) throw toError(problems)
  const usable = found.flatMap(one => ('problem' in one ? [] : [one]))
  const resolved = await Promise.all(usable.map(one => withFormer(one, options.formerOf)))
  const changes = resolved.flatMap(({ slot, secret }) =>
    secret === undefined || secret === slot.value ? [] : [{ path: slot.path, value: secret }],
  )
  return { config: replaceAt(config, changes) as ResolvedConfig, resolved }
}

type Resolution = ResolvedSlot | { readonly slot: KeySlot; readonly problem: SlotProblem }

/** The slot with a stand-in where there is no key. A key that is there and cannot be used stays a problem. */
function withStandIn(
  one: Resolution,
  { cwd }: ResolveOptions,
  isUnset: (slot: KeySlot) => boolean,
): Resolution {
  const { slot } = one
  const problem = 'problem' in one ? one.problem : undefined
  const isMissing = problem === undefined ? isUnset(slot) : ['missing', 'empty'].includes(problem.code)
  if (!isMissing) return one
  const secret = new Secret(STAND_IN, 'a stand-in')
  // The file is named all the same, so that it is watched: the key may come.
  const file = slot.file === undefined ? undefined : resolve(cwd, slot.file)
  return { slot, secret, file, facts: undefined, standIn: { problem } }
}

async function withFormer(one: ResolvedSlot, formerOf: ResolveOptions['formerOf']): Promise<ResolvedSlot> {
  const { slot, secret } = one
  const former = secret === undefined ? undefined : await formerOf?.(slot, secret)
  if (secret === undefined || former === undefined) return one
  return { ...one, secret: new Secret(secret.reveal(), secret.reference, former) }
}

/** The tree with a stand-in wherever a key would be read from a file: for asking the router, never for sending. */
export function placeholderSecrets(config: Config, slots: readonly KeySlot[]): ResolvedConfig {
  const changes = slots.flatMap(({ path, file }) =>
    file === undefined ? [] : [{ path, value: new Secret(STAND_IN, `file ${file}`) }],
  )
  return replaceAt(config, changes) as ResolvedConfig
}

/** Each slot with its key or with what is wrong; a file that several slots name is read once. Never throws. */
export async function resolveSlots(options: ResolveOptions): Promise<Resolution[]> {
  const reads = new Map<string, Promise<SecretFile>>()
  const read = (file: string, shown: string): Promise<SecretFile> => {
    const { credentialsDirectory, lastGood } = options
    const readNow = async (): Promise<SecretFile> => {
      const found = await readSecretFile(file, { credentialsDirectory }, shown)
      return lastGood?.file(file, shown, found) ?? found
    }
    const reading = reads.get(file) ?? readNow()
    reads.set(file, reading)
    return reading
  }
  return await Promise.all(
    options.slots.map(async slot => {
      const { value } = slot
      if (value === undefined) return { slot, secret: undefined, file: undefined, facts: undefined }
      if (value instanceof Secret) {
        return checked(slot, value, undefined, undefined)
      }
      const file = resolve(options.cwd, value.file)
      const result = await read(file, value.file)
      if (result.ok) return checked(slot, result.secret, file, result.facts)
      const { code } = result.problem
      const elsewhere =
        code === 'missing'
          ? await ofMissing(slot, value.file, options)
          : code === 'empty'
            ? { hint: `store the key with ${suggested('keys', 'set', slot.name)}` }
            : undefined
      return { slot, problem: problemOf(slot, { ...result.problem, ...elsewhere }) }
    }),
  )
}

async function ofMissing(
  { name }: KeySlot,
  file: string,
  options: ResolveOptions,
): Promise<{ hint: string; message?: string }> {
  const beside = await besideConfig(file, options)
  return beside ?? { hint: `store the key with ${suggested('keys', 'set', name)}, or mend the path` }
}

/** agentgateway starts at the working directory, people think of the config's folder: say so when that is the case. */
async function besideConfig(
  path: string,
  { cwd, configDir }: ResolveOptions,
): Promise<{ message: string; hint: string } | undefined> {
  const beside = resolve(configDir, path)
  if (isAbsolute(path) || beside === resolve(cwd, path)) return undefined
  const there = await readSecretFile(beside)
  if (!there.ok && there.problem.code === 'missing') return undefined
  return {
    message: `${path} is not in the working directory ${cwd}, but beside the config: ${beside}`,
    hint: `agentgateway reads relative paths from the working directory: run it in ${configDir}, or write ${beside} in the config`,
  }
}

/** A key as agentgateway sends it, without white space around it, if an HTTP header can carry it. */
function checked(
  slot: KeySlot,
  secret: Secret,
  file: string | undefined,
  facts: FileFacts | undefined,
): Resolution {
  const value = trimSecret(secret.reveal())
  const source = slot.variable === undefined ? secret.reference : `$${slot.variable}`
  if (value === '') {
    const problem = {
      code: 'empty',
      message: `the key is empty (${source})`,
      hint: `set it with ${suggested('keys', 'set', slot.name)}`,
    }
    return { slot, problem: problemOf(slot, problem) }
  }
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    const what = /[\r\n]/.test(value) ? 'a line break' : 'a character'
    const message = `the key holds ${what} that no HTTP header can carry (${source})`
    const problem = {
      code: 'unusable',
      message,
      hint: `paste the key again with ${suggested('keys', 'set', slot.name)}`,
    }
    return { slot, problem: problemOf(slot, problem) }
  }
  // In the tree a variable's value has no name yet: what is shown of it later says where it comes from.
  const same = value.length === secret.length && source === secret.reference
  const clean = same ? secret : new Secret(value, source)
  return { slot, secret: clean, file, facts }
}

function problemOf(slot: KeySlot, problem: { code: string; message: string; hint: string }): SlotProblem {
  const { code, message, hint } = problem
  return { name: slot.name, path: formatPath(slot.path), code, message, hint }
}

function toError(problems: readonly SlotProblem[]): AgwError {
  const [first] = problems
  const lines = problems.map(({ name, path, message }) => `${name} (${path}): ${message}`)
  const message =
    lines.length === 1
      ? `${lines[0]}`
      : `${lines.length} keys do not resolve:\n${lines.map(line => `  ${line}`).join('\n')}`
  const hints = new Set(problems.map(problem => problem.hint))
  const hint = hints.size === 1 && first !== undefined ? first.hint : [...hints].join('; ')
  return new AgwError(codeOf(problems), message, { hint, diagnostics: problems })
}

function codeOf(problems: readonly SlotProblem[]): ErrorCode {
  if (problems.some(problem => problem.code === 'missing' || problem.code === 'empty'))
    return 'SECRET_MISSING'
  return problems.some(problem => problem.code !== 'unusable') ? 'SECRET_UNREADABLE' : 'SECRET_REJECTED'
}

type Container = Record<string | number, unknown>

/** A copy of the tree with other values at some paths; each container on the way is copied once, however many paths. */
function replaceAt(
  tree: object,
  changes: readonly { readonly path: Path; readonly value: unknown }[],
): object {
  const copies = new Map<unknown, Container>()
  const copyOf = (node: unknown): Container => {
    const made =
      copies.get(node) ?? ((Array.isArray(node) ? [...node] : { ...(node as object) }) as Container)
    copies.set(node, made)
    copies.set(made, made)
    return made
  }
  const root = copyOf(tree)
  for (const { path, value } of changes) {
    let node = root
    for (const step of path.slice(0, -1)) {
      const child = copyOf(node[step])
      node[step] = child
      node = child
    }
    const last = path.at(-1)
    if (last !== undefined) node[last] = value
  }
  return root
}
