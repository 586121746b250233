import { describe, expect, test } from 'vitest'
import { LOGIN_VARIABLES, loginsIn, matcher } from '../../../src/secrets/login-variables.ts'
import { handedOn } from '../../../src/secrets/sources/handed-on.ts'

const handed = (names: readonly string[], ...rest: [('clouds' | 'op')?, NodeJS.Platform?]): string[] =>
  Object.keys(handedOn(Object.fromEntries(names.map(name => [name, 'x'])), ...rest))

describe('what a program is handed of the environment', () => {
  test.each([
    ['Path', 'win32', ['Path']],
    ['path', 'win32', ['path']],
    ['Path', 'linux', []],
    ['PATH', 'linux', ['PATH']],
    ['XDG_RUNTIME_DIR', 'linux', ['XDG_RUNTIME_DIR']],
    ['XPATH', 'linux', []],
    ['OPENAI_API_KEY', 'win32', []],
  ] as const)('%s on %s', (name, platform, expected) => {
    expect(handed([name], undefined, platform)).toEqual(expected)
  })

  test('the logins of one store reach its program, and no key for a model', () => {
    const clouds = ['AWS_PROFILE', 'AZURE_PASSWORD', 'CLOUDSDK_CONFIG']
    const keys = ['GOOGLE_API_KEY', 'AZURE_OPENAI_API_KEY', 'AWS_BEARER_TOKEN_BEDROCK', 'OPENAI_API_KEY']
    const all = [...clouds, ...keys, 'OP_CONNECT_TOKEN', 'VAULT_TOKEN']
    expect(handed(all)).toEqual([])
    expect(handed(all, 'clouds')).toEqual(clouds)
    expect(handed(all, 'op')).toEqual(['OP_CONNECT_TOKEN'])
  })
})

describe('logins in the environment', () => {
  test.each([
    'VAULT_TOKEN',
    'SOPS_AGE_KEY',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_CONTAINER_AUTHORIZATION_TOKEN',
    'AZURE_CLIENT_SECRET',
    'AZURE_PASSWORD',
    'AAD_SERVICE_PRINCIPAL_CLIENT_SECRET',
    'ARM_CLIENT_SECRET',
    'ARM_OIDC_TOKEN',
    'CLOUDSDK_AUTH_ACCESS_TOKEN',
    'DIGITALOCEAN_ACCESS_TOKEN',
    'OP_SESSION_my',
  ])('the value of %s is one', name => {
    expect(loginsIn({ [name]: 'login' })).toEqual(['login'])
  })

  test.each([
    'AWS_PROFILE',
    'AWS_ACCESS_KEY_ID',
    'AZURE_CLIENT_ID',
    'AZURE_FEDERATED_TOKEN_FILE',
    'OP_ACCOUNT',
  ])('the value of %s is none', name => expect(loginsIn({ [name]: 'my name' })).toEqual([]))

  test.each([
    [
      'HTTPS_PROXY',
      'http://me:pass%20word@proxy:3128',
      ['me:pass%20word', 'pass%20word', 'me:pass word', 'pass word'],
    ],
    ['https_proxy', 'http://me:password@proxy', ['me:password', 'password']],
    ['ALL_PROXY', 'socks5://me:pa:ss@[::1]:1080/', ['me:pa:ss', 'pa:ss']],
    ['HTTP_PROXY', 'me:password@proxy:3128', ['me:password', 'password']],
    ['http_proxy', 'http://me:pass@word@proxy', ['me:pass@word', 'pass@word']],
    ['HTTP_PROXY', 'http://:100%@proxy', [':100%', '100%']],
    ['AZURE_AUTHORITY_HOST', 'https://me:password@login', ['me:password', 'password']],
    ['HTTPS_PROXY', 'http://proxy:3128', []],
    ['HTTPS_PROXY', 'http://me@proxy:3128', []],
    ['HTTPS_PROXY', 'http://me:@proxy:3128', []],
    ['NO_PROXY', 'localhost,.example.com', []],
    ['KUBECONFIG', '/home/me/a:/home/me/b', []],
  ])('in %s the password of an address is one: %s', (name, value, logins) => {
    expect(loginsIn({ [name]: value })).toEqual(logins)
  })

  test('what is handed on by its own name and called a secret is in the column of secrets', () => {
    const open = Object.values(LOGIN_VARIABLES).flatMap((one): readonly string[] => one.open)
    const called = matcher(['*TOKEN', '*SECRET', '*PASSWORD', '*PASSPHRASE'])
    expect(open.filter(called)).toEqual([])
  })
})
