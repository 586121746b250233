import { z } from 'zod'
import { authorizationLocation } from './location.ts'
import { cel, httpUrl, json, jsonMap, shaped, text } from './primitives.ts'
import { filePath, secretText, secretValue } from './secret-fields.ts'
import { forms, section } from './section.ts'

const ruleKinds = section(
  {
    noun: 'an authorization rule',
    about: 'What the expression decides.',
    oneOf: ['allow', 'deny', 'require'],
  },
  {
    allow: cel.optional().describe('One of the allow rules must hold, where there are any.'),
    deny: cel.optional().describe('None of the deny rules may hold.'),
    require: cel.optional().describe('All of the require rules must hold.'),
  },
)

/** Rules in CEL: plain text allows. */
export const authorization = section(
  { noun: 'the authorization section', about: 'Who may do it, by rules in CEL.', id: 'Authorization' },
  {
    rules: z
      .array(forms('A rule; plain text allows.', { 'an expression that allows': cel, 'a map': ruleKinds }))
      .describe('The rules; a failing expression counts as false.'),
  },
)

/** JSON Web Keys or another document: its text, a file, or a URL that is fetched. */
export const fileInlineOrUrl = forms('The document: its text, {file: path} or {url: address}.', {
  'its text': text,
  'a file': section({ noun: 'a file', about: 'A file with the document.' }, { file: filePath }),
  'a URL': section(
    { noun: 'a remote document', about: 'A URL the document is fetched from.' },
    { url: httpUrl },
  ),
})

const authMode = z.enum(['strict', 'optional', 'permissive'])

const jwtValidation = section(
  { noun: 'the jwtValidationOptions section', about: 'What a token must have besides a good signature.' },
  {
    requiredClaims: z
      .array(text)
      .optional()
      .meta({ description: 'Claims that must be there.', default: ['exp'] }),
  },
)

const jwtProviderShape = {
  issuer: text.describe('Who issues the tokens: what stands in their iss claim.'),
  audiences: z.array(text).nullish().describe('Audiences of which a token must name one.'),
  jwks: fileInlineOrUrl.describe('Public keys of the issuer: JSON text, {file} or {url}.'),
  jwtValidationOptions: jwtValidation.optional(),
}

const jwtCommon = {
  mode: authMode.optional().meta({
    description:
      'strict: a good token is needed; optional: a token must be good; permissive: tokens are only read.',
    default: 'optional',
  }),
  location: authorizationLocation
    .optional()
    .describe('Where the token stands; by default the Authorization header.'),
}

/** JSON Web Tokens of one issuer or of several. */
export const jwtAuth = forms('Checks JSON Web Tokens.', {
  'one issuer': section(
    { noun: 'the jwtAuth section', about: 'Checks JSON Web Tokens of one issuer.' },
    { ...jwtCommon, ...jwtProviderShape },
  ),
  'several issuers': section(
    { noun: 'the jwtAuth section with providers', about: 'Checks JSON Web Tokens of several issuers.' },
    {
      ...jwtCommon,
      providers: z
        .array(section({ noun: 'a JWT provider', about: 'One issuer and its keys.' }, jwtProviderShape))
        .describe('The issuers.'),
    },
  ),
})

export const mcpAuthentication = section(
  { noun: 'the mcpAuthentication section', about: 'OAuth for MCP clients.', id: 'McpAuthentication' },
  {
    issuer: text.describe('Who issues the tokens.'),
    audiences: z.array(text).describe('Audiences of which a token must name one.'),
    provider: section(
      {
        noun: 'an identity provider',
        about: 'Identity provider whose peculiarities are smoothed out.',
        oneOf: ['auth0', 'keycloak', 'okta', 'descope', 'authentik', 'entra'],
      },
      {
        auth0: section({ noun: 'auth0', about: 'Auth0.' }, {}).optional(),
        keycloak: section({ noun: 'keycloak', about: 'Keycloak.' }, {}).optional(),
        okta: section({ noun: 'okta', about: 'Okta.' }, {}).optional(),
        descope: section({ noun: 'descope', about: 'Descope.' }, {}).optional(),
        authentik: section({ noun: 'authentik', about: 'Authentik.' }, {}).optional(),
        entra: section({ noun: 'entra', about: 'Microsoft Entra ID.' }, {}).optional(),
      },
    ).nullish(),
    resourceMetadata: jsonMap.describe('What clients are told about the protected resource.'),
    jwks: fileInlineOrUrl.nullish().describe('Public keys of the issuer; found by its metadata when absent.'),
    mode: authMode.optional().meta({ description: 'Whether a token is needed.', default: 'strict' }),
    authorizationLocation: authorizationLocation.optional().describe('Where the token stands.'),
    jwtValidationOptions: jwtValidation.optional(),
    clientId: text.nullish().describe('Client that is given to MCP clients which cannot register.'),
    clientSecret: secretText.nullish().describe('Secret of that client.'),
  },
)

export const oidc = section(
  { noun: 'the oidc section', about: 'Login by OpenID Connect for browsers.', id: 'Oidc' },
  {
    issuer: text.describe('The OpenID provider.'),
    discovery: fileInlineOrUrl.nullish().describe('Its discovery document, instead of the well-known URL.'),
    authorizationEndpoint: text.nullish().describe('Where users log in, instead of what discovery says.'),
    tokenEndpoint: text.nullish().describe('Where codes are redeemed, instead of what discovery says.'),
    tokenEndpointAuth: z
      .enum(['clientSecretBasic', 'clientSecretPost'])
      .nullish()
      .describe('How the gateway identifies itself there.'),
    jwks: fileInlineOrUrl.nullish().describe('Its public keys, instead of what discovery says.'),
    clientId: text.describe('Client of the gateway.'),
    clientSecret: secretText.describe('Secret of that client.'),
    redirectURI: text.describe('Where the provider sends users back to.'),
    scopes: z.array(text).optional().describe('Scopes besides openid.'),
  },
)

export const basicAuth = section(
  { noun: 'the basicAuth section', about: 'User names and passwords.', id: 'BasicAuth' },
  {
    htpasswd: secretValue.describe('Users in htpasswd form; write $$ for each $ of an inline hash.'),
    realm: text.nullish().meta({ description: 'Realm that clients are shown.', default: 'Restricted' }),
    mode: z.enum(['strict', 'optional']).optional().meta({
      description: 'optional lets requests without a password through.',
      default: 'optional',
    }),
    authorizationLocation: authorizationLocation.optional().describe('Where the credential stands.'),
  },
)

const KEY_HASH = /^sha256:[0-9a-f]{64}$/i

const virtualKeyShape = {
  metadata: json.optional().describe('What expressions and the log can read as apiKey.*.'),
  allowedModels: z
    .array(text)
    .nullish()
    .describe('Models this key may use: names, one star each, or ["*"]; [] allows none.'),
}

const virtualKey = section(
  {
    noun: 'a virtual key',
    about: 'A key that a client may use, in plain text or as its hash.',
    oneOf: ['key', 'keyHash'],
  },
  {
    key: secretText.optional().describe('The key; it is not trimmed and cannot be put into a file.'),
    keyHash: shaped(
      'BAD_KEY_HASH',
      'this is not the hash of a key',
      'write sha256: and the 64 hex digits of the SHA-256 of the key',
      value => KEY_HASH.test(value),
    )
      .optional()
      .describe('sha256: and 64 hex digits.'),
    ...virtualKeyShape,
  },
)

export const apiKey = section(
  { noun: 'the apiKey section', about: 'Keys that clients must show.', id: 'ApiKeyAuth' },
  {
    keys: z.array(virtualKey).describe('The keys.'),
    mode: authMode.optional().meta({
      description: 'strict: a key is needed; optional: requests without a key pass; permissive: all pass.',
      default: 'optional',
    }),
    location: authorizationLocation
      .optional()
      .describe('Where the key stands; by default the Authorization header.'),
  },
)

export type Authorization = z.output<typeof authorization>
export type ApiKeyAuth = z.output<typeof apiKey>
export type VirtualKey = z.output<typeof virtualKey>
export type JwtAuth = z.output<typeof jwtAuth>
export type BasicAuth = z.output<typeof basicAuth>
