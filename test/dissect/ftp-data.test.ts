import { expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { ftp } from '../../src/dissect/ftp.ts'
import { ftpData } from '../../src/dissect/ftp-data.ts'
import { conversation, Reading, text } from './conversation.ts'

const HELLO = [22, 3, 1, 0, 2, 1, 0]

it.each([
  { name: 'a file', bytes: [...text('GET / HTTP/1.1\r\n')], protection: 'cleartext', tunnel: false },
  { name: 'TLS', bytes: HELLO, protection: 'undetermined', tunnel: true },
  { name: 'a file that begins nearly like TLS', bytes: [22, 3, 9], protection: 'cleartext', tunnel: false },
  { name: 'a file of one byte', bytes: [22], protection: 'cleartext', tunnel: false },
])('data is $name by its first bytes', ({ bytes, protection, tunnel }) => {
  for (const size of [1, 2, bytes.length]) {
    const reading = new Reading(ftpData)
    for (let at = 0; at < bytes.length; at += size) reading.says(SERVER, bytes.slice(at, at + size))
    const { facts, state } = reading.finish()
    expect(facts).toMatchObject({ appProtocol: 'ftp-data', protection })
    expect(state.tunnel).toBe(tunnel)
  }
})

it('nothing is said where the first bytes are lost, or none came', () => {
  expect(new Reading(ftpData).says(SERVER, [], 9).says(SERVER, [1]).finish().facts.protection).toBe('undetermined')
  expect(new Reading(ftpData).finish().facts.protection).toBe('undetermined')
})

it.each([
  { from: SERVER, line: '227 Entering Passive Mode (10,0,0,1,4,1)', want: { end: 'server', port: 1025 } },
  { from: SERVER, line: '229 Entering Extended Passive Mode (|||7000|)', want: { end: 'server', port: 7000 } },
  { from: CLIENT, line: 'PORT 10,0,0,1,4,1', want: { end: 'client', port: 1025 } },
  { from: CLIENT, line: 'EPRT |1|10.0.0.1|7000|', want: { end: 'client', port: 7000 } },
] as const)('the control connection announces it by $line', ({ from, line, want }) => {
  const { facts } = new Reading(ftp).hears(conversation([SERVER, text('220 FTP\r\n')], [from, text(`${line}\r\n`)]))
  expect(facts.announced).toEqual([expect.objectContaining({ appProtocol: 'ftp-data', how: 'accepts', ...want })])
})

it('inside TLS nothing is announced any more, but where the server calls from', () => {
  const control = conversation(
    [SERVER, text('220 FTP\r\n')],
    [CLIENT, text('AUTH TLS\r\n')],
    [SERVER, text('234 go\r\n')],
  )
  const { facts } = new Reading(ftp).hears(control)
  expect(facts.announced).toEqual([expect.objectContaining({ how: 'calls', end: 'server', port: 20 })])
})
