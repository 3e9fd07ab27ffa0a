/** Tokens of an OpenID provider: real keys, a real provider of keys on loopback, and what an attacker would send. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KeysAway, oidcVerifier, type VerifyOidc } from '../../src/api/oidc.ts'
import type { ApiServer } from '../../src/api/server.ts'
import type { Role } from '../../src/api/tokens.ts'
import { madeTokens, type Served, serveCaptures } from './served.ts'

const ISSUER = 'https://id.example/realms/ops'
const ROLES = new Map<string, Role>([
  ['everybody', 'viewer'],
  ['sre', 'operator'],
  ['root', 'admin'],
])

let key: CryptoKey
let jwk: JWK
let publicPem: string
let other: CryptoKey
let provider: Server
let keysUrl: URL
let answer: { status: number; body: string }
let fetches = 0
let verify: VerifyOidc

beforeAll(async () => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  key = pair.privateKey
  jwk = { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }
  publicPem = await exportSPKI(pair.publicKey)
  other = (await generateKeyPair('ES256')).privateKey
  answer = { status: 200, body: JSON.stringify({ keys: [jwk] }) }
  provider = createServer((_, response) => {
    fetches += 1
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
  })
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
  keysUrl = new URL(`http://127.0.0.1:${(provider.address() as AddressInfo).port}/keys`)
  verify = verifier()
})
afterAll(() => provider.close())

const verifier = (more = {}): VerifyOidc =>
  oidcVerifier({ issuer: ISSUER, audience: 'intransit', keys: keysUrl, roleClaim: 'roles', roles: ROLES, ...more })

interface Made {
  claims?: Record<string, unknown>
  header?: { alg: string; kid?: string }
  by?: CryptoKey | Uint8Array
}

const token = ({ claims = {}, header = { alg: 'ES256', kid: 'one' }, by = key }: Made = {}): Promise<string> => {
  const now = Math.floor(Date.now() / 1000)
  const all = { iss: ISSUER, aud: 'intransit', sub: 'ada', exp: now + 60, iat: now, roles: ['sre'], ...claims }
  return new SignJWT(JSON.parse(JSON.stringify(all))).setProtectedHeader(header).sign(by)
}

describe('a token', () => {
  it.each([
    { name: 'a list', claims: {}, want: 'operator' },
    { name: 'the highest of several', claims: { roles: ['everybody', 'root', 'sre'] }, want: 'admin' },
    { name: 'a text of words', claims: { roles: 'openid everybody' }, want: 'viewer' },
  ])('gives a role by $name', async ({ claims, want }) =>
    expect(await verify(await token({ claims }))).toEqual({ name: 'oidc:ada', role: want }),
  )

  it('may hold its roles further down', async () => {
    const nested = verifier({ roleClaim: 'realm_access.roles' })
    expect(await nested(await token({ claims: { realm_access: { roles: ['root'] } } }))).toMatchObject({
      role: 'admin',
    })
    for (const realm_access of [null, 'x', [], { roles: 5 }])
      expect(await nested(await token({ claims: { realm_access } }))).toBeNull()
  })

  it.each([
    { name: 'has ended', made: { claims: { exp: 1 } } },
    { name: 'has no end', made: { claims: { exp: undefined } } },
    { name: 'is not yet valid', made: { claims: { nbf: 4_000_000_000 } } },
    { name: 'is of another issuer', made: { claims: { iss: `${ISSUER}/` } } },
    { name: 'is for another audience', made: { claims: { aud: ['grafana'] } } },
    { name: 'has no subject', made: { claims: { sub: undefined } } },
    { name: 'gives no role', made: { claims: { roles: ['guest'] } } },
    { name: 'names what every object has', made: { claims: { roles: ['__proto__', 'constructor'] } } },
    { name: 'has no roles', made: { claims: { roles: undefined } } },
    { name: 'names a key that there is none', made: { header: { alg: 'ES256', kid: 'two' } } },
  ])('that $name is refused', async ({ made }) => expect(await verify(await token(made))).toBeNull())

  it('signed by another key is refused', async () => expect(await verify(await token({ by: other }))).toBeNull())

  it('changed on its way is refused', async () => {
    const [head, , signature] = (await token()).split('.')
    const claims = { iss: ISSUER, aud: 'intransit', sub: 'ada', exp: 4_000_000_000, roles: ['root'] }
    expect(
      await verify([head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')),
    ).toBeNull()
  })

  it('without a signature, or with the public key as a secret, is refused', async () => {
    const [, body] = (await token()).split('.')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    expect(await verify(`${none}.${body}.`)).toBeNull()
    expect(await verify(`${none}.${body}.AA`)).toBeNull()
    expect(
      await verify(await token({ header: { alg: 'HS256', kid: 'one' }, by: new TextEncoder().encode(publicPem) })),
    ).toBeNull()
  })

  it.each(['', '.', '..', 'a.b.c', 'intransit_x', `${'a'.repeat(9000)}.a.a`])(
    'that is none is refused: %.12s',
    async (text) => expect(await verify(text)).toBeNull(),
  )

  it('cannot write into the log', async () => {
    const caller = await verify(await token({ claims: { sub: `a\n"${'x'.repeat(500)}\u001b[2J` } }))
    expect(caller?.name).toMatch(/^oidc:a\?"x{61}$/)
  })
})

describe('keys', () => {
  it('are fetched once for many', async () => {
    const before = fetches
    const fresh = verifier()
    for (let i = 0; i < 5; i++) expect(await fresh(await token())).not.toBeNull()
    expect(fetches).toBe(before + 1)
  })

  it('may stand in a file', async () => {
    expect(await verifier({ keys: { keys: [jwk] } })(await token())).toMatchObject({ role: 'operator' })
  })

  it.each([
    { name: 'an error', status: 500, body: '' },
    { name: 'no JSON', status: 200, body: '<html>' },
    { name: 'no keys', status: 200, body: '{}' },
  ])('that cannot be had, for $name, are not taken for a wrong token', async ({ status, body }) => {
    const good = answer
    answer = { status, body }
    try {
      await expect(verifier()(await token())).rejects.toBeInstanceOf(KeysAway)
    } finally {
      answer = good
    }
  })
})

describe('the server', () => {
  let served: Served
  let server: ApiServer
  const audited: string[] = []
  const { tokens, bearer } = madeTokens('viewer')
  beforeAll(async () => {
    served = await serveCaptures({ filled: false })
    server = await served.start({ tokens, oidc: verify, audit: (line) => audited.push(line) })
  })
  afterAll(() => served.end())

  const ask = async (path: string, made?: Made) => {
    const headers = made === undefined ? {} : { authorization: `Bearer ${await token(made)}` }
    return (await fetch(`${server.url}${path}`, { headers })).status
  }

  it('takes tokens of both kinds, and demands the role', async () => {
    expect(await ask('/api/v1/sensors')).toBe(401)
    expect(await ask('/api/v1/sensors', { claims: { roles: ['everybody'] } })).toBe(200)
    expect(await ask('/api/v1/tokens', {})).toBe(403)
    expect(await ask('/api/v1/tokens', { claims: { roles: ['root'] } })).toBe(200)
    expect(await ask('/api/v1/sensors', { claims: { exp: 1 } })).toBe(401)
    expect((await fetch(`${server.url}/api/v1/sensors`, { headers: bearer.viewer })).status).toBe(200)
    expect(audited.map((line) => JSON.parse(line).audit.name)).toEqual(['oidc:ada', 'oidc:ada'])
  })

  it('is not open to this machine where only a provider vouches', async () => {
    const guarded = await served.start({ tokens: null, oidc: verify })
    expect((await fetch(`${guarded.url}/api/v1/sensors`)).status).toBe(401)
  })

  it('answers 503 while the keys cannot be had', async () => {
    const away = await served.start({ oidc: verifier({ keys: new URL('http://127.0.0.1:1/keys') }) })
    const response = await fetch(`${away.url}/api/v1/sensors`, {
      headers: { authorization: `Bearer ${await token()}` },
    })
    expect(response.status).toBe(503)
    expect(await response.text()).not.toContain('127.0.0.1:1')
  })
})
