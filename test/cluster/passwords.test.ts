import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { exportFiles, readPasswords } from '../../src/cluster/index.ts'
import { formatPath, readDocument } from '../../src/config/index.ts'
import { exported, GATEWAY, withPolicies } from './exported.ts'

const HASH = '$$2y$$05$$r3J4d3VepzFkedkd/q1vI.pBYIpSqjfN0qOARV3ScUHysatnS0cL2'

describe('passwords of clients', () => {
  it('are asked for by a policy that looks for a Secret, and stand in no other manifest', () => {
    const { traffic, left, passwords, objects } = exported(
      withPolicies(`basicAuth: { htpasswd: "ann:${HASH}", realm: team, mode: strict }`),
    )
    expect(left).toEqual([])
    expect(traffic).toEqual([
      { basicAuthentication: { mode: 'Strict', secretRef: { name: 'a-passwords' }, realm: 'team' } },
    ])
    expect(passwords.map(one => ({ ...one, path: formatPath(one.path) }))).toEqual([
      { path: 'routes[0].policies.basicAuth.htpasswd', file: undefined, secret: 'a-passwords' },
    ])
    expect(JSON.stringify(objects)).not.toMatch(/ann:|\$2y/)
  })

  it('are asked for before a route is chosen where a listener asks, each from a Secret of its own', () => {
    const { traffic, left, passwords } = exported(
      `gateways: { default: { port: 3000, basicAuth: { htpasswd: { file: users }, authorizationLocation: { header: { name: x-who } } } } }
routes: [{ name: a, backends: [{ host: "h.example.com:80" }], policies: { basicAuth: { htpasswd: "$USERS" } } }]\n`,
    )
    expect(left).toEqual([])
    expect(traffic).toEqual([
      {
        basicAuthentication: { mode: 'Optional', secretRef: { name: 'a-passwords' } },
      },
      {
        phase: 'PreRouting',
        basicAuthentication: {
          mode: 'Optional',
          secretRef: { name: 'agw-http-3000-passwords' },
          location: { header: { name: 'x-who' } },
        },
      },
    ])
    expect(passwords.map(one => one.file).sort()).toEqual(['users', undefined])
  })

  it.each([
    ['without any', `basicAuth: { htpasswd: "" }`, 'it has no passwords in it'],
    ['of a variable that is not set', `basicAuth: { htpasswd: "$UNSET" }`, 'a variable in it is not set'],
    ['with a secret in the realm', `basicAuth: { htpasswd: "a:b", realm: "$REALM" }`, 'may hold a secret'],
  ])('are left over %s, with their Secret', (_, policies, why) => {
    const { left, passwords } = exported(withPolicies(policies))
    expect(left).toEqual([expect.stringMatching(`${why}.*requests that it stops would pass there`)])
    expect(passwords).toEqual([])
  })

  it('of a route that is left over are, too', () => {
    const { left, passwords } = exported(
      `${GATEWAY}routes: [{ backends: [{ host: "127.0.0.1:80" }], policies: { basicAuth: { htpasswd: "a:b" } } }]\n`,
    )
    expect(left).toHaveLength(1)
    expect(passwords).toEqual([])
  })

  it('are read for the Secret alone, from the config or from a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'agw-passwords-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'users'), 'bob:{SHA}x\n')
    const document = readDocument(withPolicies('basicAuth: { htpasswd: "ann:$$2y" }'), {
      file: 'config.yaml',
    })
    const path = ['routes', 0, 'policies', 'basicAuth', 'htpasswd']
    const inline = await readPasswords({ path, file: undefined, secret: 's' }, document, folder)
    expect(inline.reveal()).toBe('ann:$2y')
    const fromFile = await readPasswords({ path, file: 'users', secret: 's' }, document, folder)
    expect(fromFile.reveal()).toBe('bob:{SHA}x\n')
    await expect(readPasswords({ path, file: 'none', secret: 's' }, document, folder)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^config\.yaml:2:\d+: routes\[0\]\.policies\.basicAuth\.htpasswd: none/),
    })
    const made = exported(withPolicies('basicAuth: { htpasswd: { file: users } }'))
    const place = {
      config: join(folder, 'config.yaml'),
      cwd: folder,
      namespace: 'llm',
      gateway: 'agw',
      partial: false,
    }
    const texts = new Map([['a-passwords', fromFile]])
    const { files, next } = exportFiles(made, { keys: new Map(), pems: new Map(), texts }, place)
    expect(files.map(one => [one.secret, one.mode])).toEqual([
      [false, undefined],
      [true, 0o600],
    ])
    expect(files[1]?.content).toContain(`.htaccess: ${Buffer.from('bob:{SHA}x\n').toString('base64')}`)
    expect(next.join()).not.toContain('unless')
    const without = exportFiles(made, { keys: new Map(), pems: new Map(), texts: new Map() }, place)
    expect(without.next.join()).toContain('unless a-passwords is there')
  })
})
