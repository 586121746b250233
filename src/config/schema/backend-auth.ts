import { z } from 'zod'
import { Secret } from '../../secrets/secret.ts'
import { awsAuth, azureAuth, gcpAuth } from './cloud-auth.ts'
import { nullish, optional } from './fields.ts'
import { authorizationLocation } from './location.ts'
import { placeText, secretText, secretValue } from './secret-fields.ts'
import { forms, list, rule, section, tooMany } from './section.ts'
import { jwtSignAuth, tokenExchange } from './token-auth.ts'

/**
 * `key`: the secret, `{file}`, or `{value, location}`. agentgateway takes a location beside `file` too, and drops it: it
 * stays in the output, for a rule to warn about.
 */
const key = forms('The key that is sent to the backend.', {
  'the key itself': secretText,
  'a file': section(
    {
      noun: 'a key file',
      about: 'A file whose trimmed text is the key; a relative path starts at the working directory.',
    },
    {
      file: placeText.describe('Path of the file.'),
      location: nullish(authorizationLocation, 'Dropped by agentgateway: write {value: {file}, location}.'),
    },
  ),
  'a value with a location': section(
    { noun: 'a located key', about: 'The key, and where in the request it goes.' },
    { value: secretValue, location: nullish(authorizationLocation) },
  ),
})

const credential = section(
  { noun: 'a credential', about: 'A further secret and where in the request it goes.' },
  { location: authorizationLocation, key: secretValue },
)

/** The ways to authenticate, of which one is taken, `credentials` aside. */
export const BACKEND_AUTH_KINDS = [
  'key',
  'passthrough',
  'gcp',
  'aws',
  'azure',
  'jwtSign',
  'oauthTokenExchange',
  'crossAppAccess',
] as const

/** A bare key, which makes agentgateway drop everything beside it. */
function isBareKey(value: unknown): boolean {
  if (value instanceof Secret) return true
  return typeof value === 'object' && value !== null && 'file' in value
}

const oneKind = rule<Record<string, unknown>>((auth, report) => {
  const kinds = BACKEND_AUTH_KINDS.filter(kind => auth[kind] !== undefined)
  if (isBareKey(auth['key'])) return
  if (kinds.length > 1) report(tooMany('backendAuth', kinds))
  if (kinds.length === 0 && auth['credentials'] === undefined) {
    report({
      code: 'NO_BRANCH',
      message: `backendAuth needs one of ${list([...BACKEND_AUTH_KINDS, 'credentials'], 'or')}, and has none of them`,
      hint: 'write key: "$VARIABLE", or remove backendAuth so that the header of the client goes through',
    })
  }
  if (auth['location'] !== undefined) {
    report({
      code: 'UNKNOWN_KEY',
      message: '"location" is not a key of the backendAuth section',
      hint: 'it belongs into the section of the kind, as in key: {value: "$VARIABLE", location: …}',
      path: ['location'],
      at: 'key',
    })
  }
})

/**
 * How the gateway authenticates to a backend. agentgateway tries a bare `{key}` first and then drops whatever stands
 * beside it, so such neighbours of `key` are no error of shape: they stay in the output, for a rule to warn about.
 * `policies` is what applies to calls of a token endpoint.
 */
export function backendAuthWith<P extends z.ZodType>(policies: P) {
  const { oauthTokenExchange, crossAppAccess } = tokenExchange(policies)
  return forms('How the gateway authenticates to the backend.', {
    'the word copilot': z.literal('copilot'),
    'a map such as {key: "$VARIABLE"}': section(
      {
        noun: 'the backendAuth section',
        about: 'How the gateway authenticates to the backend.',
        unlisted: ['location'],
      },
      {
        key: optional(key),
        passthrough: optional(
          section(
            {
              noun: 'the passthrough section',
              about: 'Puts back the token that a jwtAuth policy took out of the request.',
            },
            { location: nullish(authorizationLocation) },
          ),
        ),
        gcp: optional(gcpAuth),
        aws: optional(awsAuth),
        azure: optional(azureAuth),
        jwtSign: optional(jwtSignAuth),
        oauthTokenExchange: optional(oauthTokenExchange),
        crossAppAccess: optional(crossAppAccess),
        credentials: optional(z.array(credential), 'Further secrets that are sent along.'),
        location: nullish(authorizationLocation, 'Dropped by agentgateway: write key: {value, location}.'),
      },
      oneKind,
    ),
  })
}
