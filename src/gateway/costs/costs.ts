import type { Usage } from '../telemetry/usage.ts'
import { PER_DOLLAR, type Picodollars } from './money.ts'

/** What is priced by itself, by the name that a catalog has for it. */
export const KINDS = [
  'input',
  'output',
  'cacheRead',
  'cacheWrite',
  'reasoning',
  'inputAudio',
  'outputAudio',
] as const
type Kind = (typeof KINDS)[number]

/** Per token; what is not there has no price. */
export type Rates = Readonly<Partial<Record<Kind, Picodollars>>>

/** What a model costs. */
export interface Prices {
  readonly rates: Rates
  /** Ascending. What a tier does not price costs what it costs without it. */
  readonly tiers: readonly { readonly contextOver: number; readonly rates: Rates }[]
}

/** What came of a look-up, in agentgateway's words; `NoCatalog` where there is none to look into. */
export type LookupStatus = 'Exact' | 'Unpriced' | 'Missing' | 'NoCatalog'

/** What an answer has cost; the amounts are there where the look-up is `Exact`. */
export interface Cost {
  readonly status: LookupStatus
  readonly total?: Picodollars
  readonly parts?: Readonly<Record<Kind, Picodollars>>
  /** By which it was reckoned, those of its tier. */
  readonly rates?: Rates
}

/** As near as a double comes. */
export function dollarsOf(amount: Picodollars): number {
  return Number(amount) / PER_DOLLAR
}

/** A price per token in dollars per million tokens, likewise. */
export function perMillion(rate: Picodollars): number {
  return (Number(rate) * 1_000_000) / PER_DOLLAR
}

/** What two answers have cost; one without a price adds nothing to the other. */
export function bothCosts(a: Cost | undefined, b: Cost): Cost {
  const [before, parts] = [a?.parts, b.parts]
  if (before === undefined || a?.total === undefined) return b
  if (parts === undefined || b.total === undefined) return a
  const sums = KINDS.map(kind => [kind, before[kind] + parts[kind]] as const)
  return {
    status: 'Exact',
    total: a.total + b.total,
    parts: Object.fromEntries(sums) as Record<Kind, Picodollars>,
    ...(b.rates && { rates: b.rates }),
  }
}

/** An answer of a model. */
export interface Answer {
  readonly provider: string | undefined
  /** The model that says it has answered. */
  readonly answerModel: string | undefined
  /** The model that was asked for. */
  readonly model: string | undefined
  readonly usage: Usage | undefined
}

const MISSING: Cost = Object.freeze({ status: 'Missing' })
const UNPRICED: Cost = Object.freeze({ status: 'Unpriced' })

/** The prices of all models, by provider and name. */
export class Costs {
  readonly #providers: ReadonlyMap<string, ReadonlyMap<string, Prices>>

  constructor(providers: ReadonlyMap<string, ReadonlyMap<string, Prices>>) {
    this.#providers = providers
  }

  /** The model that has answered counts, and the one that was asked for where the catalog does not know the first. */
  of({ provider, answerModel, model, usage }: Answer): Cost {
    const models = this.#providers.get(provider ?? '')
    const prices = models?.get(answerModel ?? '') ?? models?.get(model ?? '')
    return prices === undefined ? MISSING : costOf(prices, usage)
  }
}

/** An answer that tells no tokens has cost nothing, as in agentgateway. */
function costOf({ rates: base, tiers }: Prices, usage: Usage | undefined): Cost {
  const tokens = tokensOf(usage)
  const cached = tokens.cacheRead + tokens.cacheWrite
  const context = Math.max(tokens.input, cached) + tokens.inputAudio
  const tier = tiers.findLast(({ contextOver }) => context > contextOver)
  const rates = tier === undefined ? base : { ...base, ...tier.rates }
  if (KINDS.every(kind => rates[kind] === undefined)) return UNPRICED
  // What a cache has to do with is input like any other unless it has a price.
  const cacheRead = rates.cacheRead === undefined ? 0 : tokens.cacheRead
  const cacheWrite = rates.cacheWrite === undefined ? 0 : tokens.cacheWrite
  const input = Math.max(0, tokens.input - cacheRead - cacheWrite)
  const parts = {
    input: times(input, rates.input),
    output: times(tokens.output, rates.output),
    cacheRead: times(cacheRead, rates.cacheRead),
    cacheWrite: times(cacheWrite, rates.cacheWrite),
    reasoning: times(tokens.reasoning, rates.reasoning ?? rates.output),
    inputAudio: times(tokens.inputAudio, rates.inputAudio ?? rates.input),
    outputAudio: times(tokens.outputAudio, rates.outputAudio ?? rates.output),
  }
  const total = Object.values(parts).reduce((sum, part) => sum + part)
  return { status: 'Exact', total, parts, rates }
}

/** The tokens of each kind, the input with those of caches; in {@link Usage} those of audio and reasoning are in it or in the output. */
function tokensOf(usage: Usage | undefined): Readonly<Record<Kind, number>> {
  const { inputTokens = 0, outputTokens = 0, cacheReadTokens: cacheRead = 0 } = usage ?? {}
  const { cacheCreationTokens: cacheWrite = 0, reasoningTokens: reasoning = 0 } = usage ?? {}
  const { inputAudioTokens: inputAudio = 0, outputAudioTokens: outputAudio = 0 } = usage ?? {}
  return {
    input: Math.max(0, inputTokens - inputAudio),
    output: Math.max(0, outputTokens - reasoning - outputAudio),
    cacheRead,
    cacheWrite,
    reasoning,
    inputAudio,
    outputAudio,
  }
}

function times(tokens: number, rate: Picodollars | undefined): Picodollars {
  return rate === undefined ? 0n : BigInt(tokens) * rate
}
