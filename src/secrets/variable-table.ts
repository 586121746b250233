import type { SourceKind } from '../config/agw/places.ts'
import type { KeyHome } from './key-homes.ts'
import type { FileProblem } from './read.ts'
import type { Secret } from './secret.ts'
import type { SourceProblem } from './source-problem.ts'
import type { DotenvFile } from './sources/dotenv.ts'

/** A variable's value and which source won. */
export interface VariableValue {
  readonly value: Secret
  /** `environment`, `dotenv` for the file beside the config, or a source of agw.yaml. */
  readonly source: 'environment' | SourceKind
  /** agw.yaml names the source. */
  readonly isNamed: boolean
  /** The file that it stands in, in the clear. */
  readonly home?: KeyHome | undefined
  /** The place as a person would say it: `environment`, `.env`, `keychain agw/openai`. */
  readonly place: string
  /** Places that have the variable too, and lost. */
  readonly overruled: readonly string[]
}

/** A variable whose source gave no value. */
export interface FailedVariable extends SourceProblem {
  readonly source: SourceKind
  readonly place: string
}

/** Why a dotenv file gives no values, and where in it that shows. */
export interface DotenvProblem {
  /** Absolute. */
  readonly file: string
  /** As messages call it. */
  readonly shown: string
  readonly message: string
  readonly hint: string
  /** 1-based; absent where it is about the file as a whole. */
  readonly at: FileProblem['at']
}

/** Every variable that config.yaml may use. */
export interface VariableTable {
  lookup(name: string): VariableValue | undefined
  /** The value as text, for the expansion of the config's text; hand it to nothing else. */
  expand(name: string): string | undefined
  /** Why the source that agw.yaml names for a variable gave no value. */
  problemOf(name: string): FailedVariable | undefined
  /** All names, sorted: for did-you-mean. */
  names(): string[]
  /** The dotenv file that was read, with its findings, mode and kind. */
  readonly dotenv: DotenvFile | undefined
  /** Why it could not be read, where it may fail. */
  readonly dotenvProblem: DotenvProblem | undefined
}
