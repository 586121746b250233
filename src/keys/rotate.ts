import { dirname, resolve } from 'node:path'
import type { KeySlot } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { parseConnectTo } from '../gateway/index.ts'
import { probeKeys } from '../gateway/probe/probe-keys.ts'
import { requireKeyPlaces } from '../require-config.ts'
import { whyNotSent } from '../secrets/findings.ts'
import { addToGitignore, gitState, methodOf, runWith } from '../secrets/index.ts'
import { describePlace, readPlace, storeAtPlace } from '../secrets/keep.ts'
import { forgetKept, isExpired } from '../secrets/rotation/forget.ts'
import { type Rotation, type RotationStep, writeRotation } from '../secrets/rotation/journal.ts'
import { keptBy, wouldBeLost } from '../secrets/rotation/kept.ts'
import { reached } from '../secrets/rotation/places.ts'
import type { Secret } from '../secrets/secret.ts'
import { requireReadableAs } from '../setup/as-yaml.ts'
import { suggested } from '../suggested.ts'
import { onScene, type Scene, type SceneOptions, writeKey } from './rotation-scene.ts'
import { type GatewayState, gatewaysOf, takeUp } from './take-up.ts'

/** What a rotation tells while it goes on. */
export type RotateEvent =
  | { readonly step: 'resumed'; readonly from: string; readonly to: string }
  | { readonly step: 'restarted' }
  | { readonly step: 'checked'; readonly result: string; readonly detail: string }
  | { readonly step: 'kept'; readonly fingerprint: string }
  /** `isOld`: the key from before the rotation is the one of the slot again. */
  | { readonly step: 'written'; readonly fingerprint: string; readonly isOld?: true }
  | { readonly step: 'taken-up'; readonly gateways: readonly GatewayState[] }
  | { readonly step: 'forgotten' }
  /** The new key of a rotation that was taken back is kept nowhere. */
  | { readonly step: 'given-up'; readonly fingerprint: string }
  /** Whether gateways have given the old key up, too. */
  | { readonly step: 'let-go'; readonly gateways: readonly GatewayState[] }
  /** What lies in the place of the old key is not that key. */
  | { readonly step: 'not-forgotten'; readonly place: string; readonly why: string }
  /** No old key was kept. */
  | { readonly step: 'nothing-kept' }

export interface RotateOptions extends SceneOptions {
  /** Asked only where a new key is needed: what was begun is ended without. */
  readonly newKey: (slot: KeySlot) => Promise<Secret>
  /** Asked about a new key that no provider has said yes to. Throws for a no; then nothing has changed. */
  readonly agreeUnchecked: (key: Secret, slot: KeySlot) => Promise<void>
  /** Ask the provider first. */
  readonly check: boolean
  readonly connectTo: readonly string[]
  /** How long gateways have to take the key up. Milliseconds. */
  readonly waitMs: number
  /** How long the old key is kept. Milliseconds. */
  readonly keepMs: number
  readonly onEvent: (event: RotateEvent) => void
}

export interface Rotated {
  readonly slot: KeySlot
  /** How its key is handed over. */
  readonly method: string
  readonly changed: boolean
  readonly fingerprint: string
  readonly previousFingerprint: string
  readonly gateways: readonly GatewayState[]
  /** Files that were written, absolute. */
  readonly files: readonly string[]
  /** Until when the old key can be had back. ISO time. */
  readonly keepUntil: string | undefined
}

/**
 * Puts a new key in the place of another, in steps that are written down before they are taken: whatever stops it, the
 * slot has the old key or the new one, and the next call goes on, or goes back. Throws NOT_PASSED when the provider
 * refuses the new key; then nothing has changed.
 */
export function rotateKey(options: RotateOptions): Promise<Rotated> {
  return onScene(options, async scene => rotate(await inTime(scene, options), options))
}

async function rotate(scene: Scene, options: RotateOptions): Promise<Rotated> {
  const { journal, key, slot, loaded } = scene
  const shown = key.fingerprint()
  if (journal !== undefined && journal.to === shown && !['done', 'undoing'].includes(journal.step)) {
    options.onEvent({ step: 'resumed', from: journal.from, to: journal.to })
    return spread(scene, journal, options)
  }
  if (journal !== undefined && journal.step !== 'done') options.onEvent({ step: 'restarted' })
  const next = await options.newKey(slot)
  options.onSecret(next)
  if (next.equals(key)) {
    const gateways = await gatewaysOf(
      loaded,
      slot.name,
      { fingerprint: shown, alone: false },
      options.load.env,
    )
    return { ...outcome(scene, shown, shown), changed: false, gateways, keepUntil: journal?.keepUntil }
  }
  refuseLoss(scene, next)
  if (slot.variable !== undefined)
    requireReadableAs(slot.variable, next, { slot, loaded, text: loaded.document.text })
  if (!options.check || !(await isWorking(scene, next, options))) await options.agreeUnchecked(next, slot)
  const rotation = await keep(scene, next, options)
  await note(scene, rotation, 'switching', options)
  const files = await writeKey(scene, next, options.load)
  options.onEvent({ step: 'written', fingerprint: rotation.to })
  return { ...(await spread(scene, rotation, options)), files }
}

/** There is room for one old key: another that was promised to be kept would be lost. */
function refuseLoss({ journal, key, slot }: Scene, next: Secret): void {
  if (journal === undefined || isExpired(journal)) return
  if ([key, next].some(one => one.fingerprint() === journal.from)) return
  throw wouldBeLost(slot.name, keptBy(journal))
}

/** Lays the old key aside; the one that was laid aside before goes first. */
async function keep(scene: Scene, next: Secret, options: RotateOptions): Promise<Rotation> {
  const { loaded, previous, key, journal, slot, place } = scene
  const { env } = options.load
  if (journal !== undefined) await forgetKept(loaded, journal, env)
  const now = Date.now()
  const rotation: Rotation = {
    step: 'keeping',
    name: slot.name,
    place,
    previous,
    from: key.fingerprint(),
    to: next.fingerprint(),
    startedAt: new Date(now).toISOString(),
    keepUntil: new Date(now + options.keepMs).toISOString(),
  }
  const at = reached(previous, loaded.agw)
  const there = await readPlace(at, dirname(loaded.path), env)
  if (there !== undefined && !there.equals(key)) {
    throw new AgwError(
      'FILE_EXISTS',
      `${await describePlace(at)}, where the old key would go, holds something else`,
      {
        hint: 'take it away from there, if nothing needs it',
      },
    )
  }
  await note(scene, rotation, 'keeping', options)
  await storeAtPlace(at, key, dirname(loaded.path), env)
  await hideFromGit(scene, options)
  options.onEvent({ step: 'kept', fingerprint: rotation.from })
  return rotation
}

/** Puts the old key back. Throws SECRET_MISSING when it is not kept any more. */
export function undoRotation(options: RotateOptions): Promise<Rotated> {
  return onScene(options, async scene => undo(await inTime(scene, options), options))
}

async function undo(scene: Scene, options: RotateOptions): Promise<Rotated> {
  const { journal, key, slot, loaded } = scene
  const { env } = options.load
  const kept = journal && (await readPlace(reached(journal.previous, loaded.agw), dirname(loaded.path), env))
  // Stopped before the old key was laid aside: it is where it was.
  const old = journal?.step === 'keeping' && kept === undefined ? key : kept
  if (old === undefined || journal === undefined || old.fingerprint() !== journal.from) {
    throw new AgwError('SECRET_MISSING', `no old key of ${slot.name} is kept`, {
      hint: 'rotate to it again, if you have it',
    })
  }
  options.onSecret(old)
  const changed = !old.equals(key)
  await note(scene, journal, 'undoing', options)
  const files = changed ? await writeKey(scene, old, options.load) : []
  options.onEvent({ step: 'written', fingerprint: old.fingerprint(), isOld: true })
  const gateways = await seeTakenUp(scene, old.fingerprint(), options)
  const gone = changed ? key.fingerprint() : journal.to
  await forget(scene, journal, options, { step: 'given-up', fingerprint: gone })
  return { ...outcome(scene, old.fingerprint(), key.fingerprint()), changed, gateways, files }
}

/** Gives the old key up, whether its time has come or not. */
export function finishRotation(options: RotateOptions): Promise<Rotated> {
  return onScene(options, scene => finish(scene, options))
}

async function finish(scene: Scene, options: RotateOptions): Promise<Rotated> {
  const { key, slot, journal } = scene
  const shown = key.fingerprint()
  const isWritten = journal?.step === 'done' || journal?.step === 'spreading'
  if (journal !== undefined && !isWritten && journal.to !== shown) {
    throw new AgwError('SLOT_NOT_WRITABLE', `the rotation of ${slot.name} has not come to its new key`, {
      hint: `go on with ${suggested('keys', 'rotate', slot.name)}, or go back with --undo`,
    })
  }
  if (journal === undefined) options.onEvent({ step: 'nothing-kept' })
  else await forget(scene, journal, options)
  const gateways = await seeLetGo(scene, shown, options)
  return { ...outcome(scene, shown, journal?.from ?? shown), changed: journal !== undefined, gateways }
}

/** A rotation that is done and whose time is over is none any more. */
async function inTime(scene: Scene, options: RotateOptions): Promise<Scene> {
  const { journal } = scene
  if (journal?.step !== 'done' || !isExpired(journal)) return scene
  await forget(scene, journal, options)
  return { ...scene, journal: undefined }
}

/** Whether the provider takes the key; false where it cannot be told. Throws NOT_PASSED for one that it refuses. */
async function isWorking({ loaded, slot }: Scene, next: Secret, options: RotateOptions): Promise<boolean> {
  const somebodyElses = whyNotSent(next, slot)
  if (somebodyElses !== undefined) throw notWorking(`nobody was asked: ${somebodyElses}`)
  const connectTo = options.connectTo.map(parseConnectTo)
  const [probed] = await probeKeys(requireKeyPlaces(loaded), [{ slot, secret: next }], { connectTo })
  const { result, detail } = probed ?? { result: 'indeterminate', detail: 'nobody was asked' }
  options.onEvent({ step: 'checked', result, detail })
  if (result === 'invalid') throw notWorking(detail)
  return result === 'valid'
}

function notWorking(why: string): AgwError {
  return new AgwError('NOT_PASSED', `the new key does not work: ${why}; nothing was changed`, {
    hint: 'give another one, or leave the check out with --no-check',
  })
}

/** Sees the gateways take the new key up. The old one is forgotten then, or when its time is over. */
async function spread(scene: Scene, rotation: Rotation, options: RotateOptions): Promise<Rotated> {
  await note(scene, rotation, 'spreading', options)
  const gateways = await seeTakenUp(scene, rotation.to, options)
  const spreadOut = { ...outcome(scene, rotation.to, rotation.from), gateways }
  const isDone = gateways.every(gateway => gateway.hasKey)
  if (isDone) await note(scene, rotation, 'done', options)
  if (!isDone || !isExpired(rotation)) return { ...spreadOut, keepUntil: rotation.keepUntil }
  await forget(scene, rotation, options)
  return spreadOut
}

async function seeTakenUp(
  { loaded, slot }: Scene,
  wanted: string,
  { load, waitMs, onEvent }: RotateOptions,
): Promise<GatewayState[]> {
  const key = { fingerprint: wanted, alone: false }
  const gateways = await takeUp(loaded, slot.name, key, { env: load.env, waitMs })
  onEvent({ step: 'taken-up', gateways })
  return gateways
}

/** A gateway has the old key in its memory until it has read everything anew. */
async function seeLetGo(
  { loaded, slot }: Scene,
  fingerprint: string,
  { load, waitMs, onEvent }: RotateOptions,
): Promise<GatewayState[]> {
  const key = { fingerprint, alone: true }
  const gateways = await takeUp(loaded, slot.name, key, { env: load.env, waitMs })
  onEvent({ step: 'let-go', gateways })
  return gateways
}

function outcome({ slot, loaded }: Scene, fingerprint: string, previousFingerprint: string): Rotated {
  const nothing = { changed: true, gateways: [], files: [], keepUntil: undefined }
  return { slot, method: methodOf(slot, loaded), fingerprint, previousFingerprint, ...nothing }
}

function note(
  { loaded }: Scene,
  rotation: Rotation,
  step: RotationStep,
  { load }: RotateOptions,
): Promise<void> {
  return writeRotation(loaded.path, { ...rotation, step }, load.env)
}

/** Clears the place in which the old key was kept; `done` says what that means. */
async function forget(
  { loaded }: Scene,
  journal: Rotation,
  { load, onEvent }: RotateOptions,
  done: RotateEvent = { step: 'forgotten' },
): Promise<void> {
  const { result, place, why = '' } = await forgetKept(loaded, journal, load.env)
  onEvent(result === 'forgotten' ? done : { step: 'not-forgotten', place, why })
}

/** The old key lies in a file of its own where the key does. */
async function hideFromGit({ previous, loaded }: Scene, { load }: RotateOptions): Promise<void> {
  const path = previous.kind === 'file' && 'path' in previous.where ? previous.where.path : undefined
  if (typeof path !== 'string') return
  const file = resolve(dirname(loaded.path), path)
  const { state } = await gitState(file, runWith({ env: load.env }))
  if (state === 'not-ignored') await addToGitignore(file)
}
