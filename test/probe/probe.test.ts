/** Probes of real servers: what they show is what openssl was told to serve. */
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Probed, probe } from '../../src/probe/probe.ts'
import { cipherSuiteName } from '../../src/registry/cipher-suites.ts'
import { hasTool } from '../registry/tools.ts'
import { freePort, HOST, makeKeys, REAL_SERVERS, serve, stop, whyNot } from './real-servers.ts'

const folder = mkdtempSync(join(tmpdir(), 'intransit-probe-'))
const fingerprintOf = (file: string): string =>
  new X509Certificate(readFileSync(join(folder, file))).fingerprint256.replaceAll(':', '').toLowerCase()

beforeAll(() => {
  if (hasTool('openssl')) makeKeys(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ask = (port: number, protocol: string, maxHandshakes = 60, timeoutMs = 5000): Promise<Probed> =>
  probe(
    { server_ip: '127.0.0.1', server_port: port, server_name: HOST, protocol },
    { timeoutMs, maxHandshakes, turn: async () => undefined },
  )

const names = (probed: Probed): string[] => probed.suites.map(cipherSuiteName).sort()
const chain = (probed: Probed): string[] => probed.certificates.map(({ fingerprint }) => fingerprint)

describe.skipIf(!hasTool('openssl'))('openssl s_server (needs openssl)', () => {
  const files = (): string[] => ['-cert', join(folder, 'leaf.pem'), '-key', join(folder, 'leaf.key')]

  async function withServer(options: string[], use: (port: number) => Promise<void>): Promise<void> {
    const port = await freePort()
    const server = await serve(
      port,
      'openssl',
      's_server',
      '-www',
      '-accept',
      `127.0.0.1:${port}`,
      ...files(),
      ...options,
    )
    try {
      await use(port)
    } finally {
      stop(server)
    }
  }

  it('shows in TLS 1.3 the chain that it sends, and not the root that it does not send', async () => {
    await withServer(['-tls1_3', '-cert_chain', join(folder, 'ca.pem')], async (port) => {
      const probed = await ask(port, 'tls')
      expect(probed).toMatchObject({ outcome: 'handshake', version: 0x0304, versions: [0x0304] })
      expect(chain(probed)).toEqual([fingerprintOf('leaf.pem'), fingerprintOf('ca.pem')])
      expect(names(probed)).toEqual([
        'TLS_AES_128_GCM_SHA256',
        'TLS_AES_256_GCM_SHA384',
        'TLS_CHACHA20_POLY1305_SHA256',
      ])
    })
  }, 30_000)

  it('is found to take all that it was told to take, and nothing else', async () => {
    const ciphers = ['-cipher', 'ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA:@SECLEVEL=0', '-no_tls1_3']
    await withServer(ciphers, async (port) => {
      const probed = await ask(port, 'tls')
      expect(probed.versions).toEqual([0x0301, 0x0302, 0x0303])
      expect(names(probed)).toEqual(['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_128_CBC_SHA'])
      expect(probed.handshakes).toBeLessThan(20)
    })
  }, 30_000)

  it('is found to take a suite that the library has dropped', async () => {
    await withServer(['-cipher', 'AES128-SHA:NULL-SHA256:@SECLEVEL=0', '-tls1_2'], async (port) => {
      const probed = await ask(port, 'tls')
      expect(names(probed)).toEqual(['TLS_RSA_WITH_AES_128_CBC_SHA', 'TLS_RSA_WITH_NULL_SHA256'])
    })
  }, 30_000)

  it.each([1, 2, 5])(
    'is asked no more than %d times',
    async (most) => {
      await withServer([], async (port) => {
        const probed = await ask(port, 'tls', most)
        expect(probed.handshakes).toBe(most)
        expect(chain(probed)).toEqual([fingerprintOf('leaf.pem')])
      })
    },
    30_000,
  )
})

describe('a peer that is none', () => {
  async function peer(greeting: string | null, use: (port: number, connections: () => number) => Promise<void>) {
    let count = 0
    const server = createServer((socket) => {
      count += 1
      socket.on('error', () => undefined)
      if (greeting !== null) socket.write(greeting)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      await use((server.address() as { port: number }).port, () => count)
    } finally {
      server.close()
    }
  }

  it('nobody there is unreachable', async () => {
    expect(await ask(await freePort(), 'tls')).toMatchObject({ outcome: 'unreachable', handshakes: 1, versions: [] })
  })

  it('silence ends by time, after one connection', async () => {
    await peer(null, async (port, connections) => {
      expect(await ask(port, 'tls', 60, 300)).toMatchObject({ outcome: 'timeout', handshakes: 1 })
      expect(connections()).toBe(1)
    })
  })

  it.each(['smtp', 'imap', 'pop3', 'ftp', 'ldap', 'xmpp', 'postgresql', 'mysql'])(
    'noise instead of %s is no upgrade, or silence',
    async (protocol) => {
      for (const noise of ['\0'.repeat(70_000), 'N\r\n', '554 no\r\n* BYE\r\n-ERR\r\n', '\xff'.repeat(200_000)]) {
        await peer(noise, async (port) => {
          const { outcome, certificates } = await ask(port, protocol, 3, 400)
          expect(['no_upgrade', 'timeout', 'refused']).toContain(outcome)
          expect(certificates).toEqual([])
        })
      }
    },
    30_000,
  )
})

describe('STARTTLS of real servers', () => {
  for (const server of REAL_SERVERS) {
    const reason = hasTool('openssl') ? whyNot(server) : 'needs openssl'
    it.skipIf(reason !== null)(
      `${server.protocol} of ${server.package}${reason === null ? '' : ` (${reason})`}`,
      async () => {
        const port = await freePort()
        const running = await server.start(folder, port)
        try {
          const probed = await ask(port, server.protocol, 3)
          expect(probed).toMatchObject({ outcome: 'handshake', handshakes: 3 })
          expect(chain(probed)).toEqual([fingerprintOf('leaf.pem'), fingerprintOf('ca.pem')])
          expect(probed.versions).toContain(0x0303)
        } finally {
          server.end?.(folder)
          stop(running)
        }
      },
      60_000,
    )
  }
})
