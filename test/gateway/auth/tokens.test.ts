import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT } from 'jose'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { RemoteJwks } from '../../../src/gateway/auth/jwks.ts'
import { type TokenIssuer, TokenVerifier } from '../../../src/gateway/auth/tokens.ts'

type Pair = Awaited<ReturnType<typeof generateKeyPair>>
let rsa: Pair
let ec: Pair
let keys: JSONWebKeySet
let others: JSONWebKeySet

beforeAll(async () => {
  rsa = await generateKeyPair('RS256', { extractable: true })
  ec = await generateKeyPair('ES256')
  keys = { keys: [{ ...(await exportJWK(rsa.publicKey)), kid: 'one', alg: 'RS256' }] }
  others = { keys: [{ ...(await exportJWK(ec.publicKey)), kid: 'two' }] }
})

/** Key sets of these tests are at hand. */
const STATES = { state: () => expect.unreachable() }

function verifier(changes: Partial<TokenIssuer> = {}) {
  const common = { url: undefined, audiences: undefined, requiredClaims: ['exp'] }
  const made = new TokenVerifier([
    { issuer: 'https://issuer.test', ...common, keys: () => keys, ...changes },
    { issuer: 'https://other.test', ...common, keys: async () => others },
  ])
  return { verify: (token: string) => made.verify(token, STATES) }
}

interface Made {
  readonly kid?: string | undefined
  readonly by?: 'rsa' | 'ec'
  readonly claims?: JWTPayload
  readonly expires?: number | undefined
}

function token(
  { kid = 'one', by = 'rsa', claims = {}, expires = 3600 }: Made,
  withKid = true,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const exp = expires === 0 ? {} : { exp: now + expires }
  const signed = new SignJWT({ iss: 'https://issuer.test', sub: 'alice', ...exp, ...claims })
  const alg = by === 'rsa' ? 'RS256' : 'ES256'
  return signed
    .setProtectedHeader({ alg, ...(withKid && { kid }) })
    .sign(by === 'rsa' ? rsa.privateKey : ec.privateKey)
}

describe('a token is good', () => {
  it('when an issuer has made it and it has not expired', async () => {
    expect(await verifier().verify(await token({}))).toMatchObject({ sub: 'alice' })
  })

  it('of the second issuer too', async () => {
    const made = await token({ kid: 'two', by: 'ec', claims: { iss: 'https://other.test' } })
    expect(await verifier().verify(made)).toMatchObject({ iss: 'https://other.test' })
  })

  it('within a minute of its end', async () => {
    expect(await verifier().verify(await token({ expires: -30 }))).toBeDefined()
  })

  it('for one of the audiences', async () => {
    const made = await token({ claims: { aud: ['a', 'b'] } })
    expect(await verifier({ audiences: ['b', 'c'] }).verify(made)).toBeDefined()
  })

  it('without an end where none is required', async () => {
    expect(await verifier({ requiredClaims: [] }).verify(await token({ expires: 0 }))).toBeDefined()
  })
})

describe('a key of a set is used', () => {
  const signed = (more: object) => ({ ...keys.keys[0], ...more }) as JSONWebKeySet['keys'][number]

  it.each<[string, () => Promise<JSONWebKeySet['keys']>]>([
    ['with its private part', async () => [{ ...(await exportJWK(rsa.privateKey)), kid: 'one' }]],
    ['that says it signs', async () => [signed({ key_ops: ['sign'] })]],
    ['that names a way to encrypt', async () => [signed({ alg: 'RSA-OAEP' })]],
    [
      'beside one for encryption of its name',
      async () => [signed({ use: 'sig' }), signed({ use: 'enc', n: 'AQAB' })],
    ],
    ['that is the last of its name', async () => [signed({ n: 'AQAB' }), signed({})]],
  ])('as agentgateway uses it: %s', async (_title, set) => {
    const made = { keys: await set() }
    expect(await verifier({ keys: () => made }).verify(await token({}))).toMatchObject({ sub: 'alice' })
  })

  it('for no other algorithm than it names', async () => {
    const made = { keys: [signed({ alg: 'PS256' })] }
    await expect(verifier({ keys: () => made }).verify(await token({}))).rejects.toThrow(
      'Error(InvalidAlgorithm)',
    )
  })
})

describe('a token is refused', () => {
  it.each<[string, Made, Partial<TokenIssuer>, string]>([
    ['that has expired', { expires: -90 }, {}, 'Error(ExpiredSignature)'],
    ['of another issuer', { claims: { iss: 'https://evil.test' } }, {}, 'Error(InvalidIssuer)'],
    ['for another audience', { claims: { aud: 'x' } }, { audiences: ['a'] }, 'Error(InvalidAudience)'],
    ['for no audience', {}, { audiences: ['a'] }, 'Error(MissingRequiredClaim("aud"))'],
    ['without an end', { expires: 0 }, {}, 'Error(MissingRequiredClaim("exp"))'],
    ['without a claim', {}, { requiredClaims: ['exp', 'tenant'] }, 'Error(MissingRequiredClaim("tenant"))'],
    ['without a beginning', {}, { requiredClaims: ['exp', 'nbf'] }, 'Error(MissingRequiredClaim("nbf"))'],
    ['of a time to come', { claims: { nbf: 4102444800 } }, {}, 'Error(ImmatureSignature)'],
    ['signed by another key', { by: 'ec' }, {}, 'the token is invalid or malformed'],
    ['with a key nobody knows', { kid: 'three' }, {}, 'token uses an unknown key'],
  ])('%s', async (_, made, changes, words) => {
    await expect(verifier(changes).verify(await token(made))).rejects.toThrow(words)
  })

  it('that names no key', async () => {
    await expect(verifier().verify(await token({}, false))).rejects.toThrow(
      'the token header does not specify a `kid`',
    )
  })

  it.each(['', 'nonsense', 'a.b.c', 'eyJhbGciOiJub25lIiwia2lkIjoib25lIn0.eyJzdWIiOiJhIn0.'])(
    '%j',
    async bad => {
      const verified = verifier().verify(bad)
      await expect(verified).rejects.toThrow(/malformed/)
      if (bad !== '') await expect(verified).rejects.not.toThrow(bad)
    },
  )

  it('whose signature was tampered with', async () => {
    const made = await token({})
    const [head = '', , signature = ''] = made.split('.')
    const body = Buffer.from('{"sub":"root","iss":"https://issuer.test","exp":4102444800}').toString(
      'base64url',
    )
    await expect(verifier().verify(`${head}.${body}.${signature}`)).rejects.toThrow('Error(InvalidSignature)')
  })

  it('signed with a public key taken for a shared secret', async () => {
    const secret = Buffer.from(JSON.stringify(keys.keys[0]))
    const made = await new SignJWT({ sub: 'root', iss: 'https://issuer.test', exp: 4102444800 })
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .sign(secret)
    await expect(verifier().verify(made)).rejects.toThrow('Error(InvalidAlgorithm)')
  })
})

describe('a key set behind a URL', () => {
  function remote(answers: (Response | Error)[], url = 'https://issuer.test/jwks') {
    let now = 0
    const asked: string[] = []
    const set = new RemoteJwks(url, {
      now: () => now,
      fetch: async url => {
        asked.push(url)
        const next = answers.shift()
        if (next === undefined || next instanceof Error) throw next ?? new Error('not expected')
        return next
      },
    })
    return { set, asked, pass: (ms: number) => (now += ms) }
  }
  const answer = (kid: string, headers: Record<string, string> = {}) =>
    new Response(JSON.stringify({ keys: [{ kid }] }), { headers })
  const kidOf = async (set: RemoteJwks) => (await set.keys())?.keys[0]?.kid

  it('is fetched when it is first needed, once for all who wait', async () => {
    const { set, asked } = remote([answer('a')])
    expect(asked).toEqual([])
    expect(await Promise.all([kidOf(set), kidOf(set)])).toEqual(['a', 'a'])
    expect(asked).toEqual(['https://issuer.test/jwks'])
  })

  it.each([
    ['Cache-Control', { 'cache-control': 'public, max-age=300' }, 300_000],
    ['nothing, for a quarter of an hour', {}, 900_000],
    ['too short a time, for a minute', { 'cache-control': 'max-age=1' }, 60_000],
    ['too long a time, for a day', { 'cache-control': 'max-age=99999999999999999999' }, 86_400_000],
    ['a day in the far future, for a day', { expires: 'Fri, 31 Dec 9999 23:59:59 GMT' }, 86_400_000],
  ])('is kept as long as %s says', async (_, headers, ms) => {
    const { set, asked, pass } = remote([answer('a', headers), answer('b')])
    await set.keys()
    pass(ms - 1)
    await set.keys()
    expect(asked).toHaveLength(1)
    pass(1)
    await set.keys()
    expect(asked).toHaveLength(2)
  })

  it('that is followed is fetched at once, and again in time, without anybody asking', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const { set, asked, pass } = remote([answer('a'), answer('b')])
    const in_ = async (ms: number) => {
      pass(ms)
      await vi.advanceTimersByTimeAsync(ms)
    }
    set.follow(() => {})
    set.follow(() => {})
    await in_(0)
    expect(asked).toHaveLength(1)
    await in_(899_999)
    expect(asked).toHaveLength(1)
    await in_(1)
    expect(asked).toHaveLength(2)
    expect(await kidOf(set)).toBe('b')
    set[Symbol.dispose]()
    await in_(3_600_000)
    expect(asked).toHaveLength(2)
  })

  it('that cannot be had is tried again, less and less often, and told of once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const down = Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } })
    const { set, asked, pass } = remote([down, down, down, answer('a'), new Response('no', { status: 503 })])
    const notes: string[] = []
    set.follow(note => notes.push(note))
    const calls: number[] = []
    for (const seconds of [0, 15, 30, 60, 900, 15]) {
      pass(seconds * 1000)
      await vi.advanceTimersByTimeAsync(seconds * 1000)
      calls.push(asked.length)
    }
    expect(calls).toEqual([1, 2, 3, 4, 5, 6])
    expect(notes).toEqual([
      'the keys at https://issuer.test/jwks could not be fetched (ECONNREFUSED): tokens are refused until then',
      'the keys at https://issuer.test/jwks could not be fetched (HTTP 503): the keys it has serve on',
    ])
    // What was there before is good still.
    expect(await kidOf(set)).toBe('a')
    set[Symbol.dispose]()
  })

  it('is told of without what may be secret in its address; a name and a password go nowhere', async () => {
    const { set, asked } = remote(
      [new Response('no', { status: 401 })],
      'https://me:hunter2@issuer.test:8443/jwks?token=t0ken#x',
    )
    const notes: string[] = []
    set.follow(note => notes.push(note))
    await set.keys()
    set[Symbol.dispose]()
    expect(asked).toEqual(['https://issuer.test:8443/jwks?token=t0ken#x'])
    expect(notes).toEqual([
      'the keys at https://issuer.test:8443/jwks could not be fetched (HTTP 401): tokens are refused until then',
    ])
  })

  it('is fetched anew for a key that it lacks, once a minute at most and once for all who ask', async () => {
    const { set, asked, pass } = remote([answer('a'), answer('b'), answer('c')])
    expect(await kidOf(set)).toBe('a')
    pass(59_999)
    expect((await set.renewed())?.keys[0]?.kid).toBe('a')
    expect(asked).toHaveLength(1)
    pass(1)
    const all = await Promise.all([set.renewed(), set.renewed(), set.renewed()])
    expect(all.map(one => one?.keys[0]?.kid)).toEqual(['b', 'b', 'b'])
    expect((await set.renewed())?.keys[0]?.kid).toBe('b')
    expect(asked).toHaveLength(2)
  })

  it('a token with a new key of its issuer is good once the set has been fetched anew', async () => {
    let asked = 0
    const renewed = async () => {
      asked++
      return { keys: [...keys.keys] }
    }
    const old = verifier({ keys: async () => ({ keys: [] }), renewed })
    expect(await old.verify(await token({}))).toMatchObject({ sub: 'alice' })
    await expect(old.verify(await token({ kid: 'none' }))).rejects.toThrow('token uses an unknown key')
    expect(asked).toBe(2)
    expect(await verifier({ renewed }).verify(await token({}))).toMatchObject({ sub: 'alice' })
    expect(asked).toBe(2)
  })

  it('that does not come holds up no token of another issuer', async () => {
    const never = new Promise<JSONWebKeySet>(() => {})
    const first = verifier({ keys: () => never, renewed: () => never })
    const made = await token({ kid: 'two', by: 'ec', claims: { iss: 'https://other.test' } })
    expect(await first.verify(made)).toMatchObject({ iss: 'https://other.test' })
  })

  it('that does not come holds up no newer set of another issuer', async () => {
    const never = new Promise<JSONWebKeySet>(() => {})
    const common = { url: undefined, audiences: undefined, requiredClaims: [], issuer: 'https://issuer.test' }
    const two = new TokenVerifier([
      { ...common, keys: () => ({ keys: [] }), renewed: () => never },
      { ...common, keys: () => ({ keys: [] }), renewed: async () => keys },
    ])
    expect(await two.verify(await token({}), STATES)).toMatchObject({ sub: 'alice' })
  })

  it('is no set when it has no end, and is not read to it', async () => {
    let sent = 0
    let isCancelled = false
    const endless = new ReadableStream<Uint8Array>({
      pull(stream) {
        sent += 65_536
        stream.enqueue(new Uint8Array(65_536).fill(0x20))
      },
      cancel() {
        isCancelled = true
      },
    })
    const { set } = remote([new Response(endless)])
    expect(await set.keys()).toBeUndefined()
    expect(isCancelled).toBe(true)
    expect(sent).toBeLessThanOrEqual(1024 * 1024 + 2 * 65_536)
  })

  it('serves on while the newer one cannot be had, and is asked for again soon', async () => {
    const { set, pass } = remote([answer('a'), new Error('down'), answer('b')])
    expect(await kidOf(set)).toBe('a')
    pass(900_000)
    expect(await kidOf(set)).toBe('a')
    await new Promise(resolve => setImmediate(resolve))
    pass(15_000)
    await set.keys()
    await new Promise(resolve => setImmediate(resolve))
    expect(await kidOf(set)).toBe('b')
  })

  it.each([
    ['an error', new Response('no', { status: 500 })],
    ['something else', new Response('<html>')],
    ['JSON that is no key set', new Response('{"keys":1}')],
  ])('that answers with %s is no key set', async (_, bad) => {
    const { set } = remote([bad])
    expect(await set.keys()).toBeUndefined()
  })
})
