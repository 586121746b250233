import type { Path } from '../../config/diagnostic.ts'
import type { Transformations } from '../../config/schema.ts'
import type { Expression } from '../cel/cel.ts'
import { celContext } from '../cel/context.ts'
import type { Exchange } from '../exchange.ts'
import { answerBody, type CompiledTransform, transformAnswer, transformRequest } from '../transform.ts'
import type { ANSWER_ORDER, OutgoingHead, Watcher } from '../watcher.ts'
import { afterBody } from './after-body.ts'
import type { PolicyContext, PolicyKind, Verdict } from './policy.ts'

type Context = Pick<PolicyContext, 'cel' | 'secretsIn'>

type Written = Transformations & { readonly condition?: string | null | undefined }

/** One transformation, of requests and of their answers. */
interface Entry {
  readonly condition: Expression | undefined
  readonly request: CompiledTransform | undefined
  readonly response: CompiledTransform | undefined
}

type Order = (typeof ANSWER_ORDER)['gatewayTransformation' | 'routeTransformation' | 'backendTransformation']

/** Changes to requests and answers by CEL; `answerOrder` is when it sees the answer. */
export function transformations(answerOrder: Order): PolicyKind<'transformations'> {
  return {
    name: 'transformations',
    compile([{ value, path }], context) {
      const { maxBodyBytes } = context
      const entries: readonly Entry[] =
        'conditional' in value
          ? value.conditional.map((one, index) => compileEntry(one, [...path, 'conditional', index], context))
          : [compileEntry(value, path, context)]
      const apply = (exchange: Exchange): Verdict => {
        const facts = celContext(exchange)
        const entry = entries.find(
          ({ condition }) => condition === undefined || condition.test(facts) === true,
        )
        if (entry !== undefined) applyEntry(entry, exchange, answerOrder)
        return undefined
      }
      if (!entries.some(needsBody)) return { name: 'transformations', path, run: apply }
      return {
        name: 'transformations',
        path,
        run: afterBody(maxBodyBytes, apply),
      }
    },
  }
}

function applyEntry({ request, response }: Entry, exchange: Exchange, answerOrder: Order): void {
  if (request !== undefined) transformRequest(exchange, request)
  if (response !== undefined) exchange.watch(new AnswerTransformation(response, answerOrder))
}

class AnswerTransformation implements Watcher {
  readonly answerOrder: number
  readonly onAnswer: Watcher['onAnswer']
  readonly onWhole: Watcher['onWhole']
  readonly onBody: Watcher['onBody']

  constructor(transform: CompiledTransform, answerOrder: Order) {
    this.answerOrder = answerOrder
    const { body } = transform
    if (body !== undefined) this.onBody = (exchange, head, before) => answerBody(exchange, head, before, body)
    const change = (exchange: Exchange, head: OutgoingHead, whole?: Buffer): void =>
      transformAnswer(exchange, head, transform, whole)
    if (expressionsOf(transform).some(one => one.usesAnswerBody)) this.onWhole = change
    else this.onAnswer = change
  }
}

function needsBody({ condition, request }: Entry): boolean {
  if (condition?.usesBody || request?.body !== undefined) return true
  return request !== undefined && expressionsOf(request).some(one => one.usesBody)
}

function expressionsOf({ metadata, replace, add, set }: CompiledTransform): Expression[] {
  return [...[...metadata, ...add, ...set].map(([, one]) => one), ...(replace === undefined ? [] : [replace])]
}

function compileEntry({ condition, request, response }: Written, path: Path, context: Context): Entry {
  return {
    condition: condition ? context.cel.compile(condition, [...path, 'condition']) : undefined,
    request: request ? compileTransform(request, [...path, 'request'], context) : undefined,
    response: response ? compileTransform(response, [...path, 'response'], context) : undefined,
  }
}

type WrittenTransform = NonNullable<Transformations['request']>

function compileTransform(
  written: WrittenTransform,
  path: Path,
  { cel, secretsIn }: Context,
): CompiledTransform {
  const map = (key: 'add' | 'set' | 'metadata', lower: boolean) =>
    Object.entries(written[key] ?? {}).map(
      ([name, source]) =>
        [lower ? name.toLowerCase() : name, cel.compile(source, [...path, key, name])] as const,
    )
  const one = (key: 'replace' | 'body') => {
    const source = written[key]
    return source ? cel.compile(source, [...path, key]) : undefined
  }
  return {
    metadata: map('metadata', false),
    replace: one('replace'),
    add: map('add', true),
    set: map('set', true),
    remove: (written.remove ?? []).map(name => name.toLowerCase()),
    body: one('body'),
    secrets: secretsIn(written),
  }
}
