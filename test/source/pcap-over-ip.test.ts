import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import forge from 'node-forge'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openPcapListener } from '../../src/source/pcap-listen.ts'
import { openPcapOverIp, type PcapOverIpOptions } from '../../src/source/pcap-over-ip.ts'
import type { Source } from '../../src/source/source.ts'
import { PROMPT_MS, Reading, refusal, sleep, until } from './live-reading.ts'
import { hex, pcapOf } from './numbered-frames.ts'

const servers: Server[] = []
const sockets: Socket[] = []
const readings: Reading[] = []

/** A server that sends each of its connections the next of `captures`, and ends it where `ends`. */
async function serve(port: number, captures: Buffer[], ends = true, server = createServer()): Promise<number> {
  servers.push(server)
  server.on('setSecureContext' in server ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    const bytes = captures.shift()
    if (bytes !== undefined) socket.write(bytes)
    if (ends && bytes !== undefined) socket.end()
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function stop(): Promise<void> {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) await new Promise((resolve) => void server.close(resolve))
}

const read = (source: Source): Reading => {
  const reading = new Reading(source)
  readings.push(reading)
  return reading
}

const dial = async (options: Partial<PcapOverIpOptions>): Promise<Reading> =>
  read(await openPcapOverIp({ tls: false, host: '127.0.0.1', port: 1, ...options }))

afterEach(async () => {
  for (const reading of readings.splice(0)) await reading.close()
  await stop()
})

describe('tcp://', () => {
  it('reads what a server sends, and goes on with its next capture when it comes back', async () => {
    const port = await serve(0, [pcapOf(1, 2)], false)
    const reading = await dial({ port })
    await reading.has(2)
    expect(reading.source.state).toBe('up')
    await stop()
    await sleep(400)
    expect(reading.source.state).toBe('down')
    await serve(port, [pcapOf(3)], false)
    await reading.has(3)
    expect(reading.hex).toEqual([hex(1), hex(2), hex(3)])
    expect(reading.ended).toBe(false)
    const { captures, frames } = reading.source.stats
    expect(frames).toBe(3)
    expect(captures).toMatchObject({ opened: 2, finished: 1, damaged: 0 })
    // Refused once at least while nobody listened.
    expect(captures?.failed).toBeGreaterThan(0)
    expect(captures?.lastProblem).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+: connect ECONNREFUSED/)
    expect(reading.source.damage).toBeNull()
  })

  it('waits for a server that is not there yet, with empty batches, and ever longer between its tries', async () => {
    const reading = await dial({ port: await freePort() })
    await sleep(1300)
    expect(reading.quiet).toBeGreaterThan(1)
    // At 0, 250 and 750 ms; the next would be at 1750 ms.
    expect(reading.source.stats.captures).toMatchObject({ opened: 0, failed: 3 })
    expect(await reading.close()).toBeLessThan(PROMPT_MS)
  })

  it('counts a connection that breaks inside a frame, and one that carries no capture', async () => {
    const port = await serve(0, [
      pcapOf(1, 2).subarray(0, 24 + 76 + 20),
      Buffer.from('HTTP/1.1 400 Bad Request'),
      pcapOf(3),
    ])
    const reading = await dial({ port })
    await reading.has(2)
    expect(reading.hex).toEqual([hex(1), hex(3)])
    await until(() => reading.source.stats.captures?.finished === 1)
    expect(reading.source.stats.captures).toMatchObject({ damaged: 2 })
    expect(reading.source.stats.captures?.lastProblem).toContain('is not a capture')
  })

  it('tells that frames cross a network in clear, unless they stay on this machine', async () => {
    const near = await openPcapOverIp({ tls: false, host: 'localhost', port: await freePort() })
    expect(near.notes).toEqual([])
    await near.close()
    const far = await openPcapOverIp({ tls: false, host: '192.0.2.1', port: 57012 })
    expect(far.notes).toEqual([expect.stringContaining('cross the network in clear')])
    expect(far.notes?.[0]).toContain('tls://192.0.2.1:57012')
    await far.close()
  })
})

describe('tls://', () => {
  let folder: string
  let tls: { key: string; cert: string }
  let caFile: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'intransit-tls-'))
    tls = selfSigned('localhost')
    caFile = join(folder, 'ca.pem')
    writeFileSync(caFile, tls.cert)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('reads from a server whose certificate it can verify', async () => {
    const port = await serve(0, [pcapOf(1, 2)], false, createTlsServer(tls))
    const reading = await dial({ tls: true, host: 'localhost', port, caFile })
    await reading.has(2)
    expect(reading.source.name).toBe(`tls://localhost:${port}`)
    expect(reading.source.notes).toEqual([])
  })

  it.each([
    { name: 'an authority that is not trusted', host: 'localhost', trusted: false, problem: /self-signed certificate/ },
    { name: 'a certificate of another name', host: '127.0.0.1', trusted: true, problem: /does not match certificate/ },
  ])('takes nothing from a server with $name', async ({ host, trusted, problem }) => {
    const port = await serve(0, [pcapOf(1)], false, createTlsServer(tls))
    const reading = await dial({ tls: true, host, port, ...(trusted ? { caFile } : {}) })
    await until(() => (reading.source.stats.captures?.failed ?? 0) > 0)
    expect(reading.source.stats.captures?.lastProblem).toMatch(problem)
    expect(reading.source.stats).toMatchObject({ frames: 0, captures: { opened: 0 } })
  })

  it('takes nothing from a server without TLS', async () => {
    const port = await serve(0, [pcapOf(1)])
    const reading = await dial({ tls: true, host: 'localhost', port, caFile })
    await until(() => (reading.source.stats.captures?.failed ?? 0) > 0)
    expect(reading.source.stats.frames).toBe(0)
  })

  it('refuses a file of authorities that is not there, or holds none', async () => {
    const dialWith = (file: string): Promise<Source> =>
      openPcapOverIp({ tls: true, host: 'localhost', port: 1, caFile: join(folder, file) })
    expect(await refusal(dialWith('none.pem'))).toMatchObject({ code: 'ERR_SOURCE_NOT_FOUND' })
    writeFileSync(join(folder, 'text.pem'), 'no certificate')
    expect(await refusal(dialWith('text.pem'))).toMatchObject({ code: 'ERR_SOURCE_FORMAT' })
  })
})

describe('tcp-listen://', () => {
  it('reads several senders side by side, each capture with its own header', async () => {
    const source = await openPcapListener({ host: '127.0.0.1', port: 0 })
    const reading = read(source)
    const send = (bytes: Buffer): Socket => {
      const socket = connect(source.port, '127.0.0.1')
      sockets.push(socket)
      socket.write(bytes)
      return socket
    }
    const first = send(pcapOf(1))
    await reading.has(1)
    const second = send(pcapOf(2))
    await reading.has(2)
    first.write(pcapOf(3).subarray(24))
    await reading.has(3)
    first.end()
    second.end(pcapOf(4).subarray(24))
    await reading.has(4)
    await until(() => source.stats.captures?.finished === 2)
    expect(reading.hex).toEqual([1, 2, 3, 4].map(hex))
    expect(source.stats.captures).toMatchObject({ opened: 2, damaged: 0, failed: 0 })
    send(pcapOf(5))
    await reading.has(5)
    expect(await reading.close()).toBeLessThan(PROMPT_MS)
  })

  it('refuses an address that is taken', async () => {
    const port = await serve(0, [])
    expect(await refusal(openPcapListener({ host: '127.0.0.1', port }))).toEqual({
      code: 'ERR_SOURCE_ADDRESS',
      what: `cannot listen on tcp 127.0.0.1:${port}: the address is in use`,
      fix: `find who has it with: ss -tlnp sport = :${port}`,
    })
  })

  it('warns when others than this machine can reach it', async () => {
    const source = await openPcapListener({ host: '0.0.0.0', port: 0 })
    expect(source.notes?.[0]).toContain('from whoever reaches the port')
    await source.close()
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => void server.close(resolve))
  return port
}

function selfSigned(name: string): { key: string; cert: string } {
  const keys = forge.pki.rsa.generateKeyPair(2048)
  const cert = forge.pki.createCertificate()
  cert.publicKey = keys.publicKey
  cert.serialNumber = '01'
  cert.validity.notBefore = new Date(Date.now() - 86_400_000)
  cert.validity.notAfter = new Date(Date.now() + 86_400_000)
  cert.setSubject([{ name: 'commonName', value: name }])
  cert.setIssuer([{ name: 'commonName', value: name }])
  cert.setExtensions([
    { name: 'basicConstraints', cA: true },
    { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
  ])
  cert.sign(keys.privateKey, forge.md.sha256.create())
  return { key: forge.pki.privateKeyToPem(keys.privateKey), cert: forge.pki.certificateToPem(cert) }
}
