import type { KeySlot } from '../../config/slots.ts'
import { AgwError } from '../../errors.ts'
import { suggested } from '../../suggested.ts'
import { isExpired } from './forget.ts'
import { keyPlace, type Rotation, readRotation } from './journal.ts'

/** A slot, and the config that it is in. */
export interface KeptContext {
  /** Of the config, absolute. */
  readonly config: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The old key of a slot that a rotation keeps. Holds no value. */
export interface KeptKey {
  readonly fingerprint: string
  /** ISO time. */
  readonly until: string
}

/** What a rotation keeps of a slot still. */
export async function keptKey(
  slot: KeySlot,
  { config, cwd, env }: KeptContext,
): Promise<KeptKey | undefined> {
  const rotation = config === '-' ? undefined : await readRotation(config, keyPlace(slot, cwd), env)
  return rotation === undefined || isExpired(rotation) ? undefined : keptBy(rotation)
}

/**
 * Throws SLOT_NOT_WRITABLE where the key of a slot would come to another place while an old key is kept: what a rotation
 * leaves behind belongs to the place, and neither the way back nor `keys remove` would find it.
 */
export async function refuseLostWayBack(
  slot: KeySlot,
  after: { readonly variable: string | undefined; readonly keyFile?: string },
  context: KeptContext,
): Promise<void> {
  const kept = await keptKey(slot, context)
  if (kept === undefined) return
  const { name } = slot
  const then = keyPlace({ name, variable: after.variable, file: after.keyFile }, context.cwd)
  if (then !== keyPlace(slot, context.cwd)) throw wouldBeLost(name, kept)
}

/** The error for what would leave an old key without a way back. */
export function wouldBeLost(name: string, { fingerprint, until }: KeptKey): AgwError {
  return new AgwError(
    'SLOT_NOT_WRITABLE',
    `the key of ${name} before this one, ${fingerprint}, is kept until ${minuteOf(until)}, and would be lost; nothing was changed`,
    {
      hint: `forget it first with ${suggested('keys', 'rotate', name, '--finish')}, or go back to it with --undo`,
    },
  )
}

export function keptBy({ from, keepUntil }: Rotation): KeptKey {
  return { fingerprint: from, until: keepUntil }
}

/** A time as a person reads it. */
export function minuteOf(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`
}
