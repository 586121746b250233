import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
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
})
