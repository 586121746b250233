import type { AccessEvent } from './access-event.ts'
import { LONGEST_LABEL } from './label.ts'
import { type AddedLabels, addedText } from './metric-labels.ts'
import type { ModelSeries, ProcessingSeries, RequestSeries } from './metric-series.ts'

/** What decides, beside the config's own labels, in which series an event is counted. */
type Kind = Pick<
  AccessEvent,
  | 'status'
  | 'model'
  | 'answerModel'
  | 'route'
  | 'rule'
  | 'backend'
  | 'protocol'
  | 'method'
  | 'reason'
  | 'listener'
  | 'bind'
  | 'gateway'
  | 'operation'
  | 'provider'
>

/** The kind that was counted last, and where: the next request is mostly of the same. */
export interface Last {
  /** What the config adds to the labels of each series. */
  readonly added: string
  kind: Kind | undefined
  request: RequestSeries | undefined
  processing: ProcessingSeries | undefined
  model: ModelSeries | undefined
}

export function nothingYet(added: string): Last {
  return { added, kind: undefined, request: undefined, processing: undefined, model: undefined }
}

/** Nothing else of the event, as it is kept; undefined where what others call a model is too long for that. */
export function kindOf(event: AccessEvent): Kind | undefined {
  const { status, model, answerModel, route, rule, backend, protocol, method, reason } = event
  const { listener, bind, gateway, operation, provider } = event
  if ((model?.length ?? 0) > LONGEST_LABEL || (answerModel?.length ?? 0) > LONGEST_LABEL) return undefined
  return {
    status,
    model,
    answerModel,
    route,
    rule,
    backend,
    protocol,
    method,
    reason,
    listener,
    bind,
    gateway,
    operation,
    provider,
  }
}

export function isOfKind(a: Kind, b: Kind): boolean {
  return (
    a.status === b.status &&
    a.model === b.model &&
    a.answerModel === b.answerModel &&
    a.route === b.route &&
    a.rule === b.rule &&
    a.backend === b.backend &&
    a.protocol === b.protocol &&
    a.method === b.method &&
    a.reason === b.reason &&
    a.listener === b.listener &&
    a.bind === b.bind &&
    a.gateway === b.gateway &&
    a.operation === b.operation &&
    a.provider === b.provider
  )
}

/** So many sets of labels are kept at hand. */
const MOST_KEPT = 1000
/** Characters of a set that is. */
const LONGEST_KEPT = 512

/** What was counted last with each of the sets of labels that come again and again: clients take turns. */
export class LastWithLabels {
  readonly #kept = new Map<string, Last>()
  readonly #redact: (text: string) => string

  constructor(redact: (text: string) => string) {
    this.#redact = redact
  }

  labels(labels: AddedLabels): Last {
    const key = keyOf(labels)
    const known = this.#kept.get(key)
    if (known !== undefined) return known
    const last = nothingYet(addedText(labels, this.#redact))
    if (key.length > LONGEST_KEPT) return last
    if (this.#kept.size === MOST_KEPT) this.#kept.clear()
    this.#kept.set(key, last)
    return last
  }
}

/** No other texts have the same, whatever is in them. */
function keyOf(labels: AddedLabels): string {
  let key = ''
  for (const [, text] of labels) key += text === undefined ? '-' : `${text.length}:${text}`
  return key
}
