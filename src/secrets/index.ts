export {
  type CleanedKey,
  cleanPastedKey,
  type DetectedKey,
  detectKey,
  providerMismatch,
} from './detect.ts'
export { type Dotenv, type DotenvFinding, parseDotenv, setInDotenv } from './dotenv.ts'
export { type FolderWeakness, findWeakFolder } from './folder.ts'
export { type Confidence, KEY_FORMATS, type KeyFormat } from './formats.ts'
export { addToGitignore, type GitState, gitState } from './git.ts'
export { type LockOptions, withLock } from './lock.ts'
export {
  checkMode,
  type FileFacts,
  type FileProblem,
  type FileProblemCode,
  type ModeFinding,
  type ReadOptions,
  readSecretFile,
  type SecretFile,
  type SecretFileKind,
} from './read.ts'
export { type RedactionStream, Redactor } from './redactor.ts'
export type { RejectReason } from './rejections.ts'
export {
  type ResolvedConfig,
  type ResolvedSlot,
  type ResolveOptions,
  resolveSecrets,
  resolveSlots,
  type SlotProblem,
} from './resolve.ts'
export { type Run, type RunOptions, runTool, runWith, type ToolResult } from './run.ts'
export { fingerprint, Secret } from './secret.ts'
export type { Reference, SecretSource, SourceContext, SourceProblem } from './source.ts'
export { type DotenvFile, dotenvSource, storeInDotenv } from './sources/dotenv.ts'
export { environmentSource } from './sources/environment.ts'
export { fileSource, storeInFile } from './sources/file.ts'
export { loadVariables, type VariableOptions, type VariableTable, type VariableValue } from './variables.ts'
export { type WatchOptions, watchFiles } from './watch.ts'
export { type WriteOptions, type WriteResult, writeFileAtomic } from './write.ts'
