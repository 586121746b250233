/** The face of this room: text → Config and findings, key slots, edits of the text. */
export type { Connections } from './agw/connections.ts'
export { type AgwFile, agwFileOf, readAgwFile, type SecretEntry } from './agw/file.ts'
export type { SourceKind, SourcePlaces } from './agw/places.ts'
export { callTwiceIn } from './base-url.ts'
export { CODES, type Code } from './codes.ts'
export {
  type Diagnostic,
  formatPath,
  type Path,
  type Position,
  type Range,
  type Severity,
} from './diagnostic.ts'
export { ConfigDocument, type DocumentOptions, type VariableProblem } from './document.ts'
export { quoteLiteral, quoteVariable, setValue } from './edit.ts'
export { variableNames } from './expand.ts'
export { AGW_FILE, type FindOptions, type FoundConfig, findConfig } from './find.ts'
export { findSlot } from './find-slot.ts'
export { codeFrame, type FrameLine, shownLine } from './frame.ts'
export {
  type ConfigChoices,
  generateConfig,
  type KeyReference,
  llmModel,
  type ProviderEntry,
  route,
  STYLES,
  type Style,
} from './generate.ts'
export { appendValue, insertValue } from './insert.ts'
export { aroundItem, editLongList } from './long-list.ts'
export { maskKeys, maskLine } from './mask.ts'
export { LineIndex } from './position.ts'
export { printable } from './printable.ts'
export type { PublishedSchema } from './published-schema.ts'
export {
  MAX_CONFIG_BYTES,
  readBounded,
  readConfigBytes,
  readDocument,
  unreadDocument,
} from './read.ts'
export { removeItem, removeValue } from './remove.ts'
export type { Config, SecretValue } from './schema.ts'
export { maskedAt } from './secret-lines.ts'
export { type KeyMethod, type KeySlot, keySlots, roughSlots } from './slots.ts'
export { codesByStage, STAGES, type Stage, stageOf } from './stages.ts'
export { applySuppressions, type Suppressed } from './suppress.ts'
export { type Checked, validate } from './validate.ts'
export { isOnlyWrittenSecret } from './written-secrets.ts'
export { literalText, onOneLine, quoted, toYaml } from './yaml-text.ts'
