export { changedSince } from './changed-since.ts'
/** The face of this room: Config → ResolvedConfig, and the life of a key on this machine. */
export { currentKey, currentKeys } from './current.ts'
export { cleanPastedKey, keyDoubts } from './detect.ts'
export { setInDotenv } from './dotenv.ts'
export { inlineFindings, inlineKey, isDoubtful, type KeyFindings, keyFindings } from './findings.ts'
export { addToGitignore, gitState, removeFromGitignore } from './git.ts'
export { SecretKeeper } from './keeper.ts'
export type { KeyFileFinding } from './key-files.ts'
export { keyHomes } from './key-homes.ts'
export { isOwnKey, noteKey, noteMoved, noteMoving, noteStored, readKeyNotes } from './key-notes.ts'
export { type KeepEvent, LastGood } from './last-good.ts'
export { leftCopies, placeOrNone } from './left-copies.ts'
export { type KeyRow, type KeyState, listKeys, methodOf } from './list.ts'
export { lockedAs, withLock } from './lock.ts'
export { placeholderSecrets, type ResolvedConfig, resolveSecrets } from './resolve.ts'
export type { ResolvedSlot } from './resolved-slot.ts'
export {
  type Forgotten,
  forgetExpired,
  forgetWith,
  nextExpiry,
  type RotatedConfig,
  type SlotKey,
} from './rotation/forget.ts'
export { formerKey } from './rotation/former.ts'
export { type Run, runWith, type ToolResult } from './run.ts'
export { Secret } from './secret.ts'
export { demandsOf, trust } from './trust.ts'
export type { VariableTable, VariableValue } from './variable-table.ts'
export { dotenvSentence, type Gather, loadVariables } from './variables.ts'
export { watchFiles } from './watch.ts'
export { mayGo, removeEmptied, requireReplaceable, writeFileAtomic } from './write.ts'
