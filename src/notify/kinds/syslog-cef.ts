import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { hostname } from 'node:os'
import { connect as connectTls } from 'node:tls'
import type { FindingEvent } from '../../alert/index.ts'
import { resolveDestination } from '../../fetch/destination.ts'
import { type Outcome, type ReceiverKind, type ReceiverOptions, TAKEN } from '../receiver.ts'
import { urlOf } from '../secret.ts'

const TIMEOUT_MS = 10_000
const PORTS: Readonly<Record<string, number>> = { 'udp:': 514, 'tcp:': 601, 'tls:': 6514 }
/** CEF's 0–10, and syslog's severities (RFC 5424 §6.2.1) under facility "log audit". */
const CEF = { critical: 10, high: 8, medium: 5, low: 3, info: 1 } as const
const SYSLOG = { critical: 2, high: 3, medium: 4, low: 5, info: 6 } as const
const LOG_AUDIT = 13

/** RFC 5424 with a CEF text, over UDP, TCP (RFC 6587 §3.4.1) or TLS (RFC 5425). Syslog acknowledges nothing: taken = sent. */
export const syslogCef: ReceiverKind = {
  kind: 'syslog-cef',
  needs: [['url', 'url_file', 'url_env']],
  async send({ events }, options) {
    const url = urlOf(options)
    const port = url.port === '' ? PORTS[url.protocol] : Number(url.port)
    if (port === undefined) return { kind: 'refused', why: 'not udp://, tcp:// or tls://' }
    const destination = await resolveDestination(url.hostname, options.allow ?? [])
    if ('why' in destination) return { kind: 'later', why: destination.why }
    const { address, family } = destination
    const lines = events.map(lineOf)
    if (url.protocol === 'udp:') return await sendDatagrams(lines, address, family, port)
    const frames = lines.map((line) => `${Buffer.byteLength(line)} ${line}`).join('')
    return await sendStream(url, options, address, port, frames)
  },
}

function lineOf({ kind, at, finding }: FindingEvent): string {
  const fields: Record<string, string> = {
    rt: String(Date.parse(at)),
    act: kind,
    externalId: finding.key,
    src: finding.clients[0] ?? '',
    dhost: finding.server_names[0] ?? '',
    cnt: String(finding.flows),
    msg: finding.what,
    cs1Label: 'subject',
    cs1: finding.subject,
    cs2Label: 'mustFix',
    cs2: finding.must_fix,
    cs3Label: 'runbook',
    cs3: finding.runbook,
  }
  const extension = Object.entries(fields).filter(([, value]) => value !== '')
  const cef = ['intransit', 'intransit', '1', finding.rule, finding.title, String(CEF[finding.severity])].map(header)
  const text = extension.map(([name, value]) => `${name}=${extensionValue(value)}`).join(' ')
  const priority = LOG_AUDIT * 8 + SYSLOG[finding.severity]
  return `<${priority}>1 ${at} ${hostname()} intransit - ${finding.rule} - CEF:0|${cef.join('|')}|${text}`
}

/** Line ends and separators in what came from the wire must not begin a new field or message. */
const header = (text: string): string => printable(text).replace(/[\\|]/g, '\\$&')
const extensionValue = (text: string): string => printable(text).replace(/[\\=]/g, '\\$&')
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f]/g, ' ')

function sendDatagrams(lines: readonly string[], address: string, family: 4 | 6, port: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
    const end = (outcome: Outcome): void => {
      socket.close()
      resolve(outcome)
    }
    socket.once('error', (error: NodeJS.ErrnoException) => end({ kind: 'later', why: error.code ?? 'not sent' }))
    let left = lines.length
    for (const line of lines) {
      socket.send(line, port, address, (error) => {
        left -= 1
        if (error === null && left === 0) end(TAKEN)
      })
    }
  })
}

function sendStream(
  url: URL,
  { ca_file, cert_file, key_file }: ReceiverOptions,
  address: string,
  port: number,
  frames: string,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket =
      url.protocol === 'tls:'
        ? connectTls({
            host: address,
            port,
            servername: url.hostname,
            ...(ca_file === undefined ? {} : { ca: readFileSync(ca_file) }),
            ...(cert_file === undefined ? {} : { cert: readFileSync(cert_file) }),
            ...(key_file === undefined ? {} : { key: readFileSync(key_file) }),
          })
        : connectTcp({ host: address, port })
    const timer = setTimeout(() => end({ kind: 'later', why: `not taken in ${TIMEOUT_MS / 1000} s` }), TIMEOUT_MS)
    const end = (outcome: Outcome): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(outcome)
    }
    socket.once('error', (error: NodeJS.ErrnoException) => end({ kind: 'later', why: error.code ?? 'not sent' }))
    // The end is answered by the peer's end: it has read everything before.
    socket.once('close', () => end(TAKEN))
    socket.resume()
    socket.once(url.protocol === 'tls:' ? 'secureConnect' : 'connect', () => socket.end(frames))
  })
}
