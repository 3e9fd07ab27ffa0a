/** A stapled response from the packets of a capture to the list of certificates. */
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { CAPTURES, intransit, records } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'cli-staple-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('a response that was stapled is stored, verified and told', () => {
  const data = join(folder, 'data')
  expect(intransit(['replay', join(CAPTURES, 'tls12-ocsp-staple.pcap'), '--data', data]).status).toBe(0)
  const listed = (...args: string[]) => intransit(['certs', '--data', data, ...args]).stdout
  const pems = listed('--pem', '-').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? []
  const issuing = pems.find((pem) => new X509Certificate(pem).ca) as string
  writeFileSync(join(folder, 'issuing.pem'), issuing)
  const leaf = records(listed('--json', '--roots', join(folder, 'issuing.pem'))).find(({ use }) => use === 'server')
  expect(leaf).toMatchObject({ revocation: 'good', anchor: 'private' })
})
