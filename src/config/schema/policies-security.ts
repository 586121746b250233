import { z } from 'zod'
import { nullish, optional } from './fields.ts'
import { authorizationLocation } from './location.ts'
import { cel, httpUrl, json, jsonMap, shaped, text } from './primitives.ts'
import { placeText, secretText, secretTextOnly, secretValue } from './secret-fields.ts'
import { forms, section } from './section.ts'

const ruleKinds = section(
  {
    noun: 'an authorization rule',
    about: 'What the expression decides.',
    oneOf: ['allow', 'deny', 'require'],
  },
  {
    allow: optional(cel, 'One of the allow rules must hold, where there are any.'),
    deny: optional(cel, 'None of the deny rules may hold.'),
    require: optional(cel, 'All of the require rules must hold.'),
  },
)

/** Rules in CEL: plain text allows. */
export const authorization = section(
  { noun: 'the authorization section', about: 'Who may do it, by rules in CEL.', id: 'Authorization' },
  {
    rules: z
      .array(
        forms('A rule; plain text allows.', {
          'an expression that allows': cel,
          'a map with allow, deny or require': ruleKinds,
        }),
      )
      .describe('The rules; a failing expression counts as false.'),
  },
)

/** JSON Web Keys or another document: its text, a file, or a URL that is fetched. */
export const fileInlineOrUrl = forms('The document: its text, {file: path} or {url: address}.', {
  'its text': text,
  'a file': section(
    { noun: 'a file', about: 'A file with the document.' },
    { file: placeText.describe('Path of the file.') },
  ),
  'a URL': section(
    { noun: 'a remote document', about: 'A URL the document is fetched from.' },
    { url: httpUrl.describe('Address of the document.') },
  ),
})

const authMode = z.enum(['strict', 'optional', 'permissive'])

const jwtValidation = section(
  { noun: 'the jwtValidationOptions section', about: 'What a token must have besides a good signature.' },
  {
    requiredClaims: optional(z.array(text), { description: 'Claims that must be there.', default: ['exp'] }),
  },
)

const jwtProviderShape = {
  issuer: text.describe('Who issues the tokens: what stands in their iss claim.'),
  audiences: nullish(z.array(text), 'Audiences of which a token must name one.'),
  jwks: fileInlineOrUrl.describe('Public keys of the issuer: JSON text, {file} or {url}.'),
  jwtValidationOptions: optional(jwtValidation),
}

const jwtCommon = {
  mode: optional(authMode, {
    description:
      'strict: a good token is needed; optional: a token must be good; permissive: tokens are only read.',
    default: 'optional',
  }),
  location: optional(authorizationLocation, 'Where the token stands; by default the Authorization header.'),
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
    provider: nullish(
      section(
        {
          noun: 'an identity provider',
          about: 'Identity provider whose peculiarities are smoothed out.',
          oneOf: ['auth0', 'keycloak', 'okta', 'descope', 'authentik', 'entra'],
        },
        {
          auth0: optional(section({ noun: 'auth0', about: 'Auth0.' }, {})),
          keycloak: optional(section({ noun: 'keycloak', about: 'Keycloak.' }, {})),
          okta: optional(section({ noun: 'okta', about: 'Okta.' }, {})),
          descope: optional(section({ noun: 'descope', about: 'Descope.' }, {})),
          authentik: optional(section({ noun: 'authentik', about: 'Authentik.' }, {})),
          entra: optional(section({ noun: 'entra', about: 'Microsoft Entra ID.' }, {})),
        },
      ),
    ),
    resourceMetadata: jsonMap.describe('What clients are told about the protected resource.'),
    jwks: nullish(fileInlineOrUrl, 'Public keys of the issuer; found by its metadata when absent.'),
    mode: optional(authMode, { description: 'Whether a token is needed.', default: 'strict' }),
    authorizationLocation: optional(authorizationLocation, 'Where the token stands.'),
    jwtValidationOptions: optional(jwtValidation),
    clientId: nullish(text, 'Client that is given to MCP clients which cannot register.'),
    clientSecret: nullish(secretText, 'Secret of that client.'),
  },
)

export const oidc = section(
  { noun: 'the oidc section', about: 'Login by OpenID Connect for browsers.', id: 'Oidc' },
  {
    issuer: text.describe('The OpenID provider.'),
    discovery: nullish(fileInlineOrUrl, 'Its discovery document, instead of the well-known URL.'),
    authorizationEndpoint: nullish(text, 'Where users log in, instead of what discovery says.'),
    tokenEndpoint: nullish(text, 'Where codes are redeemed, instead of what discovery says.'),
    tokenEndpointAuth: nullish(
      z.enum(['clientSecretBasic', 'clientSecretPost']),
      'How the gateway identifies itself there.',
    ),
    jwks: nullish(fileInlineOrUrl, 'Its public keys, instead of what discovery says.'),
    clientId: text.describe('Client of the gateway.'),
    clientSecret: secretText.describe('Secret of that client.'),
    redirectURI: text.describe('Where the provider sends users back to.'),
    scopes: optional(z.array(text), 'Scopes besides openid.'),
  },
)

export const basicAuth = section(
  { noun: 'the basicAuth section', about: 'User names and passwords.', id: 'BasicAuth' },
  {
    htpasswd: secretValue.describe('Users in htpasswd form; write $$ for each $ of an inline hash.'),
    realm: nullish(text, { description: 'Realm that clients are shown.', default: 'Restricted' }),
    mode: optional(z.enum(['strict', 'optional']), {
      description: 'optional lets requests without a password through.',
      default: 'optional',
    }),
    authorizationLocation: optional(authorizationLocation, 'Where the credential stands.'),
  },
)

const KEY_HASH = /^sha256:[0-9a-f]{64}$/i

const virtualKeyShape = {
  metadata: optional(json, 'What expressions and the log can read as apiKey.*.'),
  allowedModels: nullish(
    z.array(text),
    'Models this key may use: names, one star each, or ["*"]; [] allows none.',
  ),
}

const virtualKey = section(
  {
    noun: 'a virtual key',
    about: 'A key that a client may use, in plain text or as its hash.',
    oneOf: ['key', 'keyHash'],
  },
  {
    key: optional(
      secretTextOnly(
        'a client key has no file: write keyHash: "sha256:…" with the SHA-256 of the key in hex',
      ),
      'The key; it is not trimmed and cannot be put into a file.',
    ),
    keyHash: optional(
      shaped(
        'BAD_KEY_HASH',
        'this is not the hash of a key',
        'write sha256: and the 64 hex digits of the SHA-256 of the key',
        value => KEY_HASH.test(value),
      ),
      'sha256: and 64 hex digits.',
    ),
    ...virtualKeyShape,
  },
)

export const apiKey = section(
  { noun: 'the apiKey section', about: 'Keys that clients must show.', id: 'ApiKeyAuth' },
  {
    keys: z.array(virtualKey).describe('The keys.'),
    mode: optional(authMode, {
      description: 'strict: a key is needed; optional: requests without a key pass; permissive: all pass.',
      default: 'optional',
    }),
    location: optional(authorizationLocation, 'Where the key stands; by default the Authorization header.'),
  },
)

export type Authorization = z.output<typeof authorization>
export type ApiKeyAuth = z.output<typeof apiKey>
export type VirtualKey = z.output<typeof virtualKey>
export type JwtAuth = z.output<typeof jwtAuth>
export type BasicAuth = z.output<typeof basicAuth>
