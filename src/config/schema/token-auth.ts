import { z } from 'zod'
import { nullish, optional } from './fields.ts'
import { authorizationLocation } from './location.ts'
import { celMap, count, duration, jsonMap, text } from './primitives.ts'
import { SIMPLE_BACKEND_KEYS, simpleBackendShape } from './references.ts'
import { secretValue } from './secret-fields.ts'
import { forms, section } from './section.ts'

const signingAlg = z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384'])

/** A JWT that the gateway signs itself. */
export const jwtSignAuth = section(
  { noun: 'the jwtSign section', about: 'Signs a JWT for every call and sends it to the backend.' },
  {
    signingKey: secretValue.describe('Private key in PEM.'),
    alg: optional(signingAlg, { description: 'Signature algorithm.', default: 'RS256' }),
    kid: nullish(text, 'Key ID in the header of the token.'),
    claims: optional(jsonMap, 'Claims of the token.'),
    ttl: nullish(duration, 'How long a token is valid.'),
    location: nullish(authorizationLocation),
  },
)

const clientAuth = forms('How the gateway identifies itself at the token endpoint.', {
  'a client secret': section(
    { noun: 'a client secret', about: 'Client ID and secret in the Authorization header, the default.' },
    { clientId: text.describe('Client of the gateway.'), clientSecret: secretValue },
  ),
  'method clientSecretBasic': section(
    {
      noun: 'client authentication by clientSecretBasic',
      about: 'Client ID and secret in the Authorization header.',
    },
    {
      method: z.literal('clientSecretBasic').describe('Chooses this way.'),
      clientId: text.describe('Client of the gateway.'),
      clientSecret: secretValue,
    },
  ),
  'method clientSecretPost': section(
    { noun: 'client authentication by clientSecretPost', about: 'Client ID and secret in the form.' },
    {
      method: z.literal('clientSecretPost').describe('Chooses this way.'),
      clientId: text.describe('Client of the gateway.'),
      clientSecret: nullish(secretValue),
    },
  ),
  'method privateKeyJwt': section(
    { noun: 'client authentication by privateKeyJwt', about: 'A signed assertion instead of a secret.' },
    {
      method: z.literal('privateKeyJwt').describe('Chooses this way.'),
      clientId: text.describe('Client of the gateway.'),
      signingKey: secretValue.describe('Private key in PEM.'),
      certificate: nullish(secretValue, 'Certificate of the key, in PEM.'),
      certificateHeader: nullish(
        z.enum(['x5c', 'x5t#S256']),
        'How the certificate is named in the assertion.',
      ),
      alg: optional(signingAlg, { description: 'Signature algorithm.', default: 'RS256' }),
      kid: nullish(text, 'Key ID in the header of the assertion.'),
      assertionAudience: text.describe('Who the assertion is for.'),
    },
  ),
})

const tokenCache = section(
  { noun: 'a token cache', about: 'How exchanged tokens are kept.' },
  {
    maxEntries: nullish(count(), 'Most tokens that are kept.'),
    defaultTtl: nullish(duration, 'How long a token without an expiry is kept.'),
  },
)

const subjectToken = section(
  { noun: 'a subject token', about: 'The token that is exchanged.' },
  {
    source: optional(authorizationLocation),
    tokenType: optional(text, 'URN of the kind of token.'),
  },
)

const actorToken = section(
  { noun: 'an actor token', about: 'The token of who acts for the subject.' },
  {
    source: authorizationLocation,
    tokenType: optional(text, 'URN of the kind of token.'),
    enforceMayAct: optional(z.boolean(), { description: 'Demands the may_act claim.', default: false }),
  },
)

/** Both kinds of token exchange; `policies` is what applies to calls of the token endpoint. */
export function tokenExchange<P extends z.ZodType>(policies: P) {
  const endpoint = {
    ...simpleBackendShape,
    policies: nullish(policies),
    path: optional(text, 'Path of the token endpoint.'),
  }
  const oauthTokenExchange = section(
    {
      noun: 'the oauthTokenExchange section',
      about: 'Exchanges the token of the caller for one the backend takes.',
      oneOf: SIMPLE_BACKEND_KEYS,
    },
    {
      ...endpoint,
      grantType: optional(z.enum(['tokenExchange', 'jwtBearer']), {
        description: 'OAuth grant.',
        default: 'tokenExchange',
      }),
      subjectToken: optional(subjectToken),
      actorToken: nullish(actorToken),
      audiences: optional(z.array(text), 'Who the new token is for.'),
      scopes: optional(z.array(text), 'Scopes of the new token.'),
      resources: optional(z.array(text), 'Resources the new token is for.'),
      requestedTokenType: nullish(text, 'URN of the kind of token that is asked for.'),
      clientAuth: nullish(clientAuth),
      additionalParams: optional(celMap, 'More form fields; the values are CEL.'),
      authorizationLocation: optional(authorizationLocation, 'Where the new token is put.'),
      cache: nullish(tokenCache),
    },
  )
  const crossAppEndpoint = (noun: string, about: string) =>
    section({ noun, about, oneOf: SIMPLE_BACKEND_KEYS }, { ...endpoint, clientAuth })
  const crossAppAccess = section(
    {
      noun: 'the crossAppAccess section',
      about: 'Gets access to another application on behalf of the user.',
    },
    {
      identityProvider: crossAppEndpoint(
        'an identity provider',
        'Who turns the token of the user into an assertion.',
      ),
      resourceAuthorizationServer: crossAppEndpoint(
        'an authorization server',
        'Who turns the assertion into an access token.',
      ),
      audience: text.describe('The authorization server, as the identity provider knows it.'),
      resources: optional(z.array(text), 'Resources the token is for.'),
      scopes: optional(z.array(text), 'Scopes of the assertion.'),
      accessTokenScopes: nullish(z.array(text), 'Scopes of the access token, where they differ.'),
      subjectToken: nullish(subjectToken),
      cache: nullish(tokenCache),
    },
  )
  return { oauthTokenExchange, crossAppAccess }
}
