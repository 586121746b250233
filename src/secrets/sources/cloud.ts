import { Secret } from '../secret.ts'
import type { Reference, SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { authorityFrom } from './login-files.ts'
import { pick, readPlaces } from './read-places.ts'

/** Where a cloud's service is reached. */
export interface Reached {
  /** Without a slash at its end. */
  readonly endpoint: string
  readonly ca: string | undefined
}

/** The address of a service, and the authority of its certificate where agw.yaml names one. */
export async function authorityOf(
  connection: { readonly endpoint?: string | undefined; readonly ca?: string | undefined } | undefined,
  usual: string,
  context: SourceContext,
): Promise<Reached | SourceProblem> {
  const { endpoint = usual } = connection ?? {}
  const ca = await authorityFrom(connection?.ca, context)
  return typeof ca === 'object' ? ca : { endpoint: endpoint.replace(/\/+$/, ''), ca }
}

/** What a cloud says of one value; `undefined` where it has none. */
export type CloudAnswer = Secret | SourceProblem | undefined

/** Asks for each value apart, all at once, with the token of one login. */
export async function askForEach<K extends 'azure' | 'gcp'>(
  references: readonly Reference<K>[],
  token: Secret | SourceProblem,
  reach: (reference: Reference<K>) => Reached | SourceProblem | Promise<Reached | SourceProblem>,
  read: (reference: Reference<K>, reached: Reached, token: Secret) => Promise<CloudAnswer>,
): Promise<Map<Reference<K>, Secret | SourceProblem>> {
  const ask = async (reference: Reference<K>): Promise<CloudAnswer> => {
    const reached = await reach(reference)
    if ('code' in reached) return reached
    return token instanceof Secret ? read(reference, reached, token) : token
  }
  return pick(await readPlaces(references, ({ where }) => where, ask), value => value)
}
