import type { Path } from '../../config/diagnostic.ts'
import type { Cel, Expression } from '../cel/cel.ts'
import { celContext } from '../cel/context.ts'
import { invalid } from '../compile/invalid.ts'
import type { Exchange } from '../exchange.ts'
import { type Answer, NO_BODY } from '../failures.ts'
import { FRAMING } from '../headers/header-names.ts'
import { bodyFrom, textFrom } from '../transform.ts'
import { afterBody } from './after-body.ts'
import type { Placed, PolicyKind, Verdict } from './policy.ts'

type Written = Placed<'directResponse'>['value']
type Single = Exclude<Written, { conditional: unknown }> & { readonly condition?: string | null | undefined }

/** One answer, and when it is given. */
interface Entry {
  readonly condition: Expression | undefined
  readonly expressions: readonly Expression[]
  answer(exchange: Exchange): Answer
}

/** Answers without a backend; of a conditional list the first entry whose condition holds, if any. */
export const directResponse: PolicyKind<'directResponse'> = {
  name: 'directResponse',
  compile([{ value, path }], { cel, maxBodyBytes }) {
    const entries =
      'conditional' in value
        ? value.conditional.map((one, index) => compileEntry(one, [...path, 'conditional', index], cel))
        : [compileEntry(value, path, cel)]
    const answer = (exchange: Exchange): Verdict =>
      entries
        .find(({ condition }) => condition === undefined || condition.test(celContext(exchange)) === true)
        ?.answer(exchange)
    if (!entries.some(({ expressions }) => expressions.some(one => one.usesBody)))
      return { name: 'directResponse', path, run: answer }
    return {
      name: 'directResponse',
      path,
      run: afterBody(maxBodyBytes, answer),
    }
  },
}

function compileEntry(written: Single, path: Path, cel: Cel): Entry {
  const { status, body, bodyExpression, headers = {}, condition } = written
  if (body?.length && bodyExpression)
    throw invalid(path, 'an answer has one body: there are body and bodyExpression', 'remove one of them')
  const compiled = (source: string | null | undefined, key: string): Expression | undefined =>
    source ? cel.compile(source, [...path, key]) : undefined
  const when = compiled(condition, 'condition')
  const computed = compiled(bodyExpression, 'bodyExpression')
  const fields = Object.entries(headers)
    .map(([name, source]) => [name, cel.compile(source, [...path, 'headers', name])] as const)
    .filter(([name]) => !FRAMING.has(name.toLowerCase()))
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from((body ?? []) as number[])
  const fixed: Answer = { status, headers: [], body: bytes, reason: 'DirectResponse' }
  const expressions = [when, computed, ...fields.map(([, one]) => one)].filter(one => one !== undefined)
  const isFixed = computed === undefined && fields.length === 0
  return {
    condition: when,
    expressions,
    answer: exchange => (isFixed ? fixed : computedAnswer(exchange, fixed, computed, fields)),
  }
}

/** A header whose expression fails is left out; without its body there is no such answer. */
function computedAnswer(
  exchange: Exchange,
  fixed: Answer,
  body: Expression | undefined,
  fields: readonly (readonly [string, Expression])[],
): Answer {
  const context = celContext(exchange)
  const headers = fields.flatMap(([name, expression]) => {
    const text = textFrom(expression, context)
    return text === undefined ? [] : [name, text]
  })
  if (body === undefined) return { ...fixed, headers }
  const bytes = bodyFrom(body, context)
  return bytes === undefined ? NO_BODY : { ...fixed, headers, body: bytes }
}
