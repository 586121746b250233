import { realpath } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { findSlot, type KeySlot, keySlots } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { parseConnectTo } from '../gateway/index.ts'
import { probeKeys } from '../gateway/probe/probe-keys.ts'
import { type LoadedConfig, type LoadOptions, loadConfig, requireKeyPlaces } from '../load.ts'
import {
  addToGitignore,
  currentKey,
  gitState,
  noteStored,
  runWith,
  withLock,
  writeFileAtomic,
} from '../secrets/index.ts'
import { readPlace, removeFromPlace, type SourcePlace, storeAtPlace } from '../secrets/keep.ts'
import {
  aloneWith,
  endRotation,
  type KeyPlace,
  keyPlace,
  type Rotation,
  readRotation,
  writeRotation,
} from '../secrets/rotation/journal.ts'
import { previousPlace } from '../secrets/rotation/previous.ts'
import type { Secret } from '../secrets/secret.ts'
import { type RunningGateway, reloadGateway, runningGateways } from '../serving/running-gateways.ts'
import { planStoreKey } from '../setup/store-key.ts'

/** What a rotation tells while it goes on. */
export type RotateEvent =
  | { readonly step: 'resumed'; readonly from: string; readonly to: string }
  | { readonly step: 'restarted' }
  | { readonly step: 'checked'; readonly result: string; readonly detail: string }
  | { readonly step: 'kept'; readonly fingerprint: string }
  | { readonly step: 'written'; readonly fingerprint: string }
  | { readonly step: 'taken-up'; readonly gateways: readonly GatewayState[] }
  | { readonly step: 'forgotten' }
  /** No old key was kept. */
  | { readonly step: 'nothing-kept' }

/** A gateway that runs on this machine, and whether it sends the key it should. */
export interface GatewayState extends Pick<RunningGateway, 'pid' | 'admin'> {
  readonly hasKey: boolean
}

export interface RotateOptions {
  readonly load: LoadOptions
  readonly name: string
  /** Asked only where a new key is needed: what was begun is ended without. */
  readonly newKey: (slot: KeySlot) => Promise<Secret>
  /** Ask the provider first. */
  readonly check: boolean
  readonly connectTo: readonly string[]
  /** How long gateways have to take the key up. Milliseconds. */
  readonly waitMs: number
  /** How long the old key is kept. Milliseconds. */
  readonly keepMs: number
  readonly onEvent: (event: RotateEvent) => void
  readonly onSecret: (secret: Secret) => void
}

export interface Rotated {
  readonly slot: KeySlot
  readonly changed: boolean
  readonly fingerprint: string
  readonly previousFingerprint: string
  readonly gateways: readonly GatewayState[]
  /** Files that were written, absolute. */
  readonly files: readonly string[]
  /** Until when the old key can be had back. ISO time. */
  readonly keepUntil: string | undefined
}

/** A slot, its key and the way back. */
interface Scene {
  readonly loaded: LoadedConfig
  readonly slot: KeySlot
  readonly place: KeyPlace
  readonly key: Secret
  readonly previous: SourcePlace
  readonly journal: Rotation | undefined
}

/**
 * Puts a new key in the place of another, in steps that are written down before they are taken: whatever stops it, the
 * slot has the old key or the new one, and the next call goes on, or goes back. Throws NOT_PASSED when the provider
 * refuses the new key; then nothing has changed.
 */
export function rotateKey(options: RotateOptions): Promise<Rotated> {
  return alone(options, rotate)
}

async function rotate(scene: Scene, options: RotateOptions): Promise<Rotated> {
  const { journal, key, slot } = scene
  const shown = key.fingerprint()
  if (journal !== undefined && journal.to === shown && !['done', 'undoing'].includes(journal.step)) {
    options.onEvent({ step: 'resumed', from: journal.from, to: journal.to })
    return spread(scene, journal, options)
  }
  if (journal !== undefined && journal.step !== 'done') options.onEvent({ step: 'restarted' })
  const next = await options.newKey(slot)
  options.onSecret(next)
  if (next.equals(key)) {
    const gateways = await gatewaysOf(scene.loaded, slot.name, shown, options.load.env)
    return {
      slot,
      changed: false,
      fingerprint: shown,
      previousFingerprint: shown,
      gateways,
      files: [],
      keepUntil: journal?.keepUntil,
    }
  }
  if (options.check) await requireWorking(scene, next, options)
  const now = Date.now()
  const rotation: Rotation = {
    step: 'keeping',
    from: shown,
    to: next.fingerprint(),
    startedAt: new Date(now).toISOString(),
    keepUntil: new Date(now + options.keepMs).toISOString(),
  }
  await note(scene, rotation, options)
  await storeAtPlace(scene.previous, key, scene.loaded.folder, options.load.env)
  await hideFromGit(scene.previous, options.load)
  options.onEvent({ step: 'kept', fingerprint: shown })
  await note(scene, { ...rotation, step: 'switching' }, options)
  const files = await write(scene, next, options.load)
  options.onEvent({ step: 'written', fingerprint: rotation.to })
  return { ...(await spread(scene, rotation, options)), files }
}

/** Puts the old key back. Throws SECRET_MISSING when it is not kept any more. */
export function undoRotation(options: RotateOptions): Promise<Rotated> {
  return alone(options, undo)
}

async function undo(scene: Scene, options: RotateOptions): Promise<Rotated> {
  const { journal, key, slot, loaded, previous } = scene
  const { env } = options.load
  const old = await readPlace(previous, loaded.folder, env)
  if (old === undefined || journal === undefined) {
    throw new AgwError('SECRET_MISSING', `no old key of ${slot.name} is kept`, {
      hint: 'rotate to it again, if you have it',
    })
  }
  options.onSecret(old)
  const changed = !old.equals(key)
  await note(scene, { ...journal, step: 'undoing' }, options)
  const files = changed ? await write(scene, old, options.load) : []
  options.onEvent({ step: 'written', fingerprint: old.fingerprint() })
  const gateways = await takeUp(loaded, slot.name, old.fingerprint(), options)
  await forget(scene, options)
  return {
    slot,
    changed,
    fingerprint: old.fingerprint(),
    previousFingerprint: key.fingerprint(),
    gateways,
    files,
    keepUntil: undefined,
  }
}

/** Gives the old key up, whether its time has come or not. */
export function finishRotation(options: RotateOptions): Promise<Rotated> {
  return alone(options, finish)
}

async function finish(scene: Scene, options: RotateOptions): Promise<Rotated> {
  const { key, slot, journal } = scene
  const shown = key.fingerprint()
  if (journal !== undefined && journal.to !== shown) {
    throw new AgwError('SLOT_NOT_WRITABLE', `the rotation of ${slot.name} has not come to its new key`, {
      hint: `go on with \`agw keys rotate ${slot.name}\`, or go back with --undo`,
    })
  }
  // What a broken-off rotation has left behind goes too.
  const { load } = options
  const left = journal ?? (await readPlace(scene.previous, scene.loaded.folder, load.env))
  if (left === undefined) options.onEvent({ step: 'nothing-kept' })
  else await forget(scene, options)
  return {
    slot,
    changed: journal !== undefined,
    fingerprint: shown,
    previousFingerprint: journal?.from ?? shown,
    gateways: [],
    files: [],
    keepUntil: undefined,
  }
}

/** What is there is looked at when no other rotation of the key can change it any more. */
async function alone(
  options: RotateOptions,
  action: (scene: Scene, options: RotateOptions) => Promise<Rotated>,
): Promise<Rotated> {
  const { load } = options
  const loaded = await loadConfig({ ...load, gather: false })
  if (loaded.path === '-') {
    throw new AgwError('USAGE', 'a config on standard input cannot be changed', {
      hint: 'name the file with --file PATH',
    })
  }
  const place = keyPlace(slotOf(loaded, options), load.cwd)
  return await aloneWith(loaded.path, place, load.env, async () =>
    action(await sceneOf(place, options), options),
  )
}

function slotOf(loaded: LoadedConfig, { name }: RotateOptions): KeySlot {
  return findSlot(keySlots(requireKeyPlaces(loaded), loaded.document), name)
}

async function sceneOf(place: KeyPlace, options: RotateOptions): Promise<Scene> {
  const { load, onSecret, onEvent } = options
  const loaded = await loadConfig(load)
  const slot = slotOf(loaded, options)
  const key = await currentKey(slot, loaded.variables, load.cwd)
  if (key === undefined) {
    throw new AgwError('SECRET_MISSING', `${slot.name} has no key that could be rotated`, {
      hint: `store one: agw keys set ${slot.name}`,
    })
  }
  onSecret(key)
  const { env, cwd } = load
  const { path: config, agw, variables } = loaded
  const previous = await previousPlace(slot, { config, agw, variables, cwd, env })
  const scene = { loaded, slot, place, key, previous, journal: await readRotation(config, place, env) }
  if (scene.journal?.step !== 'done' || Date.parse(scene.journal.keepUntil) > Date.now()) return scene
  // Its time is over: it is forgotten by the first that comes along.
  await forget(scene, { load, onEvent })
  return { ...scene, journal: undefined }
}

function note({ loaded, place }: Scene, rotation: Rotation, { load }: RotateOptions): Promise<void> {
  return writeRotation(loaded.path, place, rotation, load.env)
}

async function requireWorking({ loaded, slot }: Scene, next: Secret, options: RotateOptions): Promise<void> {
  const connectTo = options.connectTo.map(parseConnectTo)
  const [probed] = await probeKeys(requireKeyPlaces(loaded), [{ slot, secret: next }], { connectTo })
  const { result, detail } = probed ?? { result: 'indeterminate', detail: 'nobody was asked' }
  options.onEvent({ step: 'checked', result, detail })
  if (result !== 'invalid') return
  throw new AgwError('NOT_PASSED', `the new key does not work: ${detail}; nothing was changed`, {
    hint: 'give another one, or leave the check out with --no-check',
  })
}

/** The key where the config refers to it, by the method it has. */
async function write({ loaded, slot }: Scene, key: Secret, { cwd, env }: LoadOptions): Promise<string[]> {
  const { path: config, folder, agw, dotenv, document } = loaded
  const place = { config, text: document.text, folder, agw, dotenv, cwd }
  const plan = await planStoreKey({ slot, value: key }, place)
  const stored = plan.source === undefined ? undefined : await storeAtPlace(plan.source, key, folder, env)
  for (const { path, content, mode } of plan.files) {
    await withLock(path, () => writeFileAtomic(path, content, mode === undefined ? {} : { mode }))
  }
  await noteStored(config, slot.name, key, undefined, env)
  return [...(stored?.files ?? []), ...plan.files.map(file => file.path)]
}

/** Sees the gateways take the new key up; what is left then is to forget the old one. */
async function spread(scene: Scene, rotation: Rotation, options: RotateOptions): Promise<Rotated> {
  const { loaded, slot } = scene
  await note(scene, { ...rotation, step: 'spreading' }, options)
  const gateways = await takeUp(loaded, slot.name, rotation.to, options)
  const isDone = gateways.every(gateway => gateway.hasKey)
  if (isDone) await note(scene, { ...rotation, step: 'done' }, options)
  return {
    slot,
    changed: true,
    fingerprint: rotation.to,
    previousFingerprint: rotation.from,
    gateways,
    files: [],
    keepUntil: rotation.keepUntil,
  }
}

async function takeUp(
  loaded: LoadedConfig,
  name: string,
  wanted: string,
  { load, waitMs, onEvent }: RotateOptions,
): Promise<GatewayState[]> {
  const until = Date.now() + waitMs
  let asked = false
  for (;;) {
    const states = await gatewaysOf(loaded, name, wanted, load.env)
    if (states.every(state => state.hasKey) || Date.now() >= until) {
      onEvent({ step: 'taken-up', gateways: states })
      return states
    }
    // They follow their files by themselves; sources that are asked now and then are asked now.
    if (!asked) for (const gateway of await serving(loaded, load.env)) await reloadGateway(load.env, gateway)
    asked = true
    await sleep(100)
  }
}

async function gatewaysOf(
  loaded: LoadedConfig,
  name: string,
  wanted: string,
  env: LoadOptions['env'],
): Promise<GatewayState[]> {
  return (await serving(loaded, env)).map(({ pid, admin, keys }) => ({
    pid,
    admin,
    hasKey: keys?.find(key => key.name === name)?.fingerprint === wanted,
  }))
}

/** The gateways of this user that serve the config. */
async function serving({ path }: LoadedConfig, env: LoadOptions['env']): ReturnType<typeof runningGateways> {
  const real = await realpath(path).catch(() => path)
  const all = await runningGateways(env)
  const theirs = await Promise.all(all.map(({ config }) => realpath(config).catch(() => config)))
  return all.filter((_, index) => theirs[index] === real)
}

async function forget(
  { loaded, place, previous }: Scene,
  { load, onEvent }: Pick<RotateOptions, 'load' | 'onEvent'>,
): Promise<void> {
  await removeFromPlace(previous, loaded.folder, load.env)
  await endRotation(loaded.path, place, load.env)
  onEvent({ step: 'forgotten' })
}

/** The old key lies in a file of its own where the key does. */
async function hideFromGit({ entry }: SourcePlace, { env }: LoadOptions): Promise<void> {
  const path = entry.kind === 'file' && 'path' in entry.where ? entry.where.path : undefined
  if (typeof path !== 'string') return
  const { state } = await gitState(path, runWith({ env }))
  if (state === 'not-ignored') await addToGitignore(path)
}
