/**
 * Status 0 when the server of this container is well: it answers, over TLS by its own certificate, and its store answers it.
 * INTRANSIT_HEALTH_URL (default https://localhost:8443), INTRANSIT_CA: the PEM file to trust, INTRANSIT_SERVER_NAME: whose
 * certificate it must be.
 */
import { readFileSync } from 'node:fs'
import { get as getClear } from 'node:http'
import { get as getTls } from 'node:https'

const { INTRANSIT_HEALTH_URL = 'https://localhost:8443', INTRANSIT_CA, INTRANSIT_SERVER_NAME } = process.env
const TIMEOUT_MS = 8000

const url = new URL('/api/v1/health', INTRANSIT_HEALTH_URL)
const trust = {
  ...(INTRANSIT_CA === undefined ? {} : { ca: readFileSync(INTRANSIT_CA) }),
  ...(INTRANSIT_SERVER_NAME === undefined ? {} : { servername: INTRANSIT_SERVER_NAME }),
}
const request = (url.protocol === 'https:' ? getTls : getClear)(url, { ...trust, timeout: TIMEOUT_MS }, (response) => {
  response.resume()
  process.exitCode = response.statusCode === 200 ? 0 : 1
})
request.on('timeout', () => request.destroy(new Error('no answer')))
request.on('error', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
