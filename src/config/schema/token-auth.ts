import { z } from 'zod'
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
    alg: signingAlg.optional().meta({ description: 'Signature algorithm.', default: 'RS256' }),
    kid: text.nullish().describe('Key ID in the header of the token.'),
    claims: jsonMap.optional().describe('Claims of the token.'),
    ttl: duration.nullish().describe('How long a token is valid.'),
    location: authorizationLocation.nullish(),
  },
)

const clientAuth = forms('How the gateway identifies itself at the token endpoint.', {
  'a client secret': section(
    { noun: 'a client secret', about: 'Client ID and secret in the Authorization header, the default.' },
    { clientId: text, clientSecret: secretValue },
  ),
  'method clientSecretBasic': section(
    {
      noun: 'client authentication by clientSecretBasic',
      about: 'Client ID and secret in the Authorization header.',
    },
    { method: z.literal('clientSecretBasic'), clientId: text, clientSecret: secretValue },
  ),
  'method clientSecretPost': section(
    { noun: 'client authentication by clientSecretPost', about: 'Client ID and secret in the form.' },
    { method: z.literal('clientSecretPost'), clientId: text, clientSecret: secretValue.nullish() },
  ),
  'method privateKeyJwt': section(
    { noun: 'client authentication by privateKeyJwt', about: 'A signed assertion instead of a secret.' },
    {
      method: z.literal('privateKeyJwt'),
      clientId: text,
      signingKey: secretValue.describe('Private key in PEM.'),
      certificate: secretValue.nullish().describe('Certificate of the key, in PEM.'),
      certificateHeader: z
        .enum(['x5c', 'x5t#S256'])
        .nullish()
        .describe('How the certificate is named in the assertion.'),
      alg: signingAlg.optional().meta({ description: 'Signature algorithm.', default: 'RS256' }),
      kid: text.nullish().describe('Key ID in the header of the assertion.'),
      assertionAudience: text.describe('Who the assertion is for.'),
    },
  ),
})

const tokenCache = section(
  { noun: 'a token cache', about: 'How exchanged tokens are kept.' },
  {
    maxEntries: count().nullish().describe('Most tokens that are kept.'),
    defaultTtl: duration.nullish().describe('How long a token without an expiry is kept.'),
  },
)

const subjectToken = section(
  { noun: 'a subject token', about: 'The token that is exchanged.' },
  {
    source: authorizationLocation.optional(),
    tokenType: text.optional().describe('URN of the kind of token.'),
  },
)

const actorToken = section(
  { noun: 'an actor token', about: 'The token of who acts for the subject.' },
  {
    source: authorizationLocation,
    tokenType: text.optional().describe('URN of the kind of token.'),
    enforceMayAct: z.boolean().optional().meta({ description: 'Demands the may_act claim.', default: false }),
  },
)

/** Both kinds of token exchange; `policies` is what applies to calls of the token endpoint. */
export function tokenExchange<P extends z.ZodType>(policies: P) {
  const endpoint = {
    ...simpleBackendShape,
    policies: policies.nullish(),
    path: text.optional().describe('Path of the token endpoint.'),
  }
  const oauthTokenExchange = section(
    {
      noun: 'the oauthTokenExchange section',
      about: 'Exchanges the token of the caller for one the backend takes.',
      oneOf: SIMPLE_BACKEND_KEYS,
    },
    {
      ...endpoint,
      grantType: z
        .enum(['tokenExchange', 'jwtBearer'])
        .optional()
        .meta({ description: 'OAuth grant.', default: 'tokenExchange' }),
      subjectToken: subjectToken.optional(),
      actorToken: actorToken.nullish(),
      audiences: z.array(text).optional().describe('Who the new token is for.'),
      scopes: z.array(text).optional().describe('Scopes of the new token.'),
      resources: z.array(text).optional().describe('Resources the new token is for.'),
      requestedTokenType: text.nullish().describe('URN of the kind of token that is asked for.'),
      clientAuth: clientAuth.nullish(),
      additionalParams: celMap.optional().describe('More form fields; the values are CEL.'),
      authorizationLocation: authorizationLocation.optional().describe('Where the new token is put.'),
      cache: tokenCache.nullish(),
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
      resources: z.array(text).optional().describe('Resources the token is for.'),
      scopes: z.array(text).optional().describe('Scopes of the assertion.'),
      accessTokenScopes: z.array(text).nullish().describe('Scopes of the access token, where they differ.'),
      subjectToken: subjectToken.nullish(),
      cache: tokenCache.nullish(),
    },
  )
  return { oauthTokenExchange, crossAppAccess }
}
