import type { Secret } from './secret.ts'

/** Where one value lives. Holds no value, so it may be shown. */
export interface Reference {
  /** Which source reads it: `environment`, `dotenv`, `file`, … */
  readonly scheme: string
  /** The variable, path or entry within that source. */
  readonly name: string
  /** A part of the entry, where entries have parts (the field of a vault's secret). */
  readonly field?: string
}

/** What sources may ask of the world around them. */
export interface SourceContext {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Relative paths in config.yaml start here. */
  readonly cwd: string
  /** The folder of config.yaml. */
  readonly configDir: string
  readonly signal?: AbortSignal
}

/** Why a reference gives no value. Message and hint hold no value. */
export interface SourceProblem {
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** One kind of place that keeps secrets. */
export interface SecretSource {
  readonly scheme: string
  /** Reads a batch. A reference that is absent from the answer is missing; what went wrong with another is a problem. */
  resolve(
    references: readonly Reference[],
    context: SourceContext,
  ): Promise<ReadonlyMap<Reference, Secret | SourceProblem>>
  /** Writes a value; sources that can only be read have no `store`. Throws an AgwError. */
  store?(reference: Reference, value: Secret, context: SourceContext): Promise<void>
  /** Calls back when a value may have changed; sources that cannot tell have no `watch`. */
  watch?(references: readonly Reference[], changed: () => void, context: SourceContext): Disposable
}
