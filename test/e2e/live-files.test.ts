import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { call } from '../gateway/kit/client.ts'
import { startUpstream } from '../gateway/kit/upstream.ts'
import { tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { serveReady } from '../helpers/serving.ts'
import { makeCertificate } from '../helpers/tls.ts'

/** What the gateway answers, and the subject of the certificate that it shows. */
function ask(port: number, password: string): Promise<{ status: number | undefined; subject: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Basic ${Buffer.from(`ann:${password}`).toString('base64')}` }
    const options = { host: '127.0.0.1', port, headers, rejectUnauthorized: false, agent: false }
    const sent = request(options, answer => {
      const subject = String((answer.socket as TLSSocket).getPeerCertificate().subject.CN)
      answer.resume().on('end', () => resolve({ status: answer.statusCode, subject }))
    })
    sent.on('error', reject).end()
  })
}

describe.each(['1', '2'])('serve with --workers %s', workers => {
  it('follows the files of its certificates, passwords and roots', { timeout: 60_000 }, async () => {
    const folder = await tempFolder()
    const put = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 })
    const passwordOf = (text: string) =>
      put('htpasswd', `ann:{SHA}${createHash('sha1').update(text).digest('base64')}\n`)
    const shown = (name: string) => {
      const { cert, key } = makeCertificate([name])
      return put('tls.pem', cert + key)
    }
    const authority = makeCertificate(['127.0.0.1'])
    const upstream = await startUpstream(undefined, authority)
    const port = await freePort()
    const tls = { cert: 'tls.pem', key: 'tls.pem' }
    const gateways = {
      default: { port, tls, basicAuth: { htpasswd: { file: 'htpasswd' }, mode: 'strict' } },
    }
    const backendTLS = { root: 'root.pem' }
    const routes = [{ policies: { backendTLS }, backends: [{ host: `127.0.0.1:${upstream.port}` }] }]
    await put('config.yaml', JSON.stringify({ gateways, routes }))
    await Promise.all([shown('first.test'), passwordOf('one'), put('root.pem', makeCertificate(['x']).ca)])
    const running = await serveReady(['--admin', 'off', '--workers', workers], { cwd: folder })
    const reloads = (count: number) => running.until(new RegExp(`(?:"reloaded"[\\s\\S]*){${count}}`))

    expect(await ask(port, 'one')).toEqual({ status: 503, subject: 'first.test' })
    await put('root.pem', authority.ca)
    await reloads(1)
    expect(await ask(port, 'one')).toEqual({ status: 200, subject: 'first.test' })
    await passwordOf('two')
    await reloads(2)
    expect(await ask(port, 'one')).toMatchObject({ status: 401 })
    expect(await ask(port, 'two')).toMatchObject({ status: 200 })
    await shown('second.test')
    await reloads(3)
    for (let i = 0; i < 4; i++)
      expect(await ask(port, 'two')).toEqual({ status: 200, subject: 'second.test' })

    // What cannot be used changes nothing.
    await put('tls.pem', 'half a cert')
    await running.until('"reload-rejected"')
    expect(await ask(port, 'two')).toEqual({ status: 200, subject: 'second.test' })
    expect(await running.stop()).toBe(0)
  })

  it('takes tokens by a key set in a file, and by the next one in its place', {
    timeout: 60_000,
  }, async () => {
    const folder = await tempFolder()
    const put = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 })
    /** Puts a new key in the place of the one before, and gives a token that it has signed. */
    async function turn(kid: string): Promise<string> {
      const { publicKey, privateKey } = await generateKeyPair('ES256')
      await put('jwks.json', JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid }] }))
      const claims = new SignJWT({ iss: 'https://issuer.test', sub: 'ann' })
      return claims.setExpirationTime('1h').setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey)
    }
    const upstream = await startUpstream()
    const port = await freePort()
    const jwtAuth = { mode: 'strict', issuer: 'https://issuer.test', jwks: { file: 'jwks.json' } }
    const routes = [{ backends: [{ host: `127.0.0.1:${upstream.port}` }] }]
    await put('config.yaml', JSON.stringify({ gateways: { default: { port, jwtAuth } }, routes }))
    const first = await turn('one')
    const running = await serveReady(['--admin', 'off', '--workers', workers], { cwd: folder })
    const statusOf = async (token: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}` }
      return (await call(port, { method: 'GET', headers })).status
    }
    expect(await statusOf(first)).toBe(200)
    const second = await turn('two')
    await running.until('"reloaded"')
    expect(await statusOf(second)).toBe(200)
    expect(await statusOf(first)).toBe(401)
    expect(upstream.seen.map(({ headers }) => headers['authorization'])).toEqual([undefined, undefined])
  })
})
