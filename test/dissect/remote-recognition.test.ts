/** Shells, files and peers that are known by their first words. */
import { describe, expect, it } from 'vitest'
import { bittorrent, bittorrentDatagrams } from '../../src/dissect/bittorrent.ts'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { fix } from '../../src/dissect/fix.ts'
import { git } from '../../src/dissect/git.ts'
import { icap } from '../../src/dissect/icap.ts'
import { rlogin, rsh } from '../../src/dissect/rlogin.ts'
import { rsync } from '../../src/dissect/rsync.ts'
import { svn } from '../../src/dissect/svn.ts'
import { conversation, Reading, text } from './conversation.ts'

const LOGON = '8=FIX.4.4\x019=60\x0135=A\x0149=B\x01553=alice\x01554=secret\x0110=100\x01'

describe('openings', () => {
  it.each([
    { row: rlogin, words: '\0alice\0bob\0xterm/38400\0', answer: 'match' },
    { row: rlogin, words: '\0alice\0bob\0xterm\0', answer: 'no_match' },
    { row: rlogin, words: '\0\0\0\0', answer: 'no_match' },
    { row: rsh, words: '1021\0alice\0bob\0uptime\0', answer: 'match' },
    { row: rsh, words: '102', answer: 'unsure' },
    { row: rsh, words: '51 <13>Oct', answer: 'no_match' },
    { row: git, words: '0033git-upload-pack /project.git\0host=a.example\0', answer: 'match' },
    { row: git, words: '0033git-upload-pack project', answer: 'no_match' },
    { row: icap, words: 'RESPMOD icap://a.example/x ICAP/1.0\r\n', answer: 'match' },
    { row: icap, words: 'OPTIONS http://a.example/ HTTP/1.1\r\n', answer: 'no_match' },
    { row: rsync, words: '@RSYNCD: 31.0\n', answer: 'match' },
    { row: rsync, words: '@RSYNCD: hello\n', answer: 'no_match' },
    { row: svn, words: '( success ( 2 2 ( ) ( edit-pipeline ) ) ) ', answer: 'match' },
    { row: svn, words: '( success ) ', answer: 'no_match' },
    { row: fix, words: LOGON, answer: 'match' },
    { row: fix, words: '8=FIX.4.4\x0135=A\x01', answer: 'no_match' },
    { row: bittorrent, words: '\x13BitTorrent protocol', answer: 'match' },
    { row: bittorrent, words: '\x13BitTorrent client', answer: 'no_match' },
    { row: bittorrent, words: 'BSYNC\0\0\0\0\x3ad5:nonce16:', answer: 'match' },
    { row: bittorrent, words: 'BSYNC\0\0\0', answer: 'unsure' },
    { row: bittorrent, words: 'BSYNC\0\0\0\0\x3al5:nonce', answer: 'no_match' },
    { row: bittorrent, words: 'BSYNC protocol', answer: 'no_match' },
  ])('$row.name: $words is $answer', ({ row, words, answer }) => {
    const bytes = text(words)
    expect(row.probe(bytes, 0, bytes.length, CLIENT)).toBe(answer)
  })

  it.each([
    { name: 'a DHT query', words: 'd1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe', known: true },
    {
      name: 'a dictionary of something else',
      words: 'd3:agei3e4:name5:alice6:length20:abcdefghij0123456789e',
      known: false,
    },
    { name: "uTP's first packet", words: `A\0\x12\x34\0\0\0\x01\0\0\0\0\0\x10\0\0\0\x01\0\0`, known: true },
    {
      name: 'one that acknowledges already',
      words: `A\0\x12\x34\0\0\0\x01\0\0\0\0\0\x10\0\0\0\x01\0\x05`,
      known: false,
    },
  ])('BitTorrent over UDP: $name', ({ words, known }) => {
    const bytes = text(words)
    expect(bittorrentDatagrams.probe(bytes, 0, bytes.length, 0, CLIENT)).toBe(known)
  })
})

it('FIX shows the password of a Logon', () => {
  const facts = new Reading(fix).says(CLIENT, text(LOGON)).finish().facts
  expect(facts).toMatchObject({
    protocolVersion: 'FIX.4.4',
    protection: 'cleartext',
    credentialsExposed: ['fix-password'],
  })
})

describe('the login of rsync', () => {
  const greet = text('@RSYNCD: 31.0 md5\n')
  it.each([
    { answer: '@RSYNCD: OK\n', outcome: 'success' },
    { answer: '@ERROR: auth failed on module files\n', outcome: 'failure' },
  ])('ends in $outcome', ({ answer, outcome }) => {
    const turns = conversation(
      [SERVER, greet],
      [CLIENT, greet],
      [CLIENT, text('files\n')],
      [SERVER, text('@RSYNCD: AUTHREQD x\n')],
      [CLIENT, text('alice y\n')],
      [SERVER, text(answer)],
    )
    const { facts } = new Reading(rsync).hears(turns).finish()
    expect(facts).toMatchObject({
      authMechanisms: ['challenge-response'],
      authOutcome: outcome,
      protection: 'cleartext',
      protocolVersion: '31.0',
    })
  })
})

describe('the login of Subversion', () => {
  it.each([
    {
      client: '( PLAIN ( 8:\0alice\0x ) ) ',
      answer: '( success ( ) ) ',
      mechanism: 'sasl-plain',
      outcome: 'success',
      exposed: ['svn-plain'],
    },
    {
      client: '( CRAM-MD5 ( ) ) ',
      answer: '( failure ( 3:bad ) ) ',
      mechanism: 'sasl-cram-md5',
      outcome: 'failure',
      exposed: [],
    },
  ])('with $mechanism ends in $outcome', ({ client, answer, mechanism, outcome, exposed }) => {
    const turns = conversation(
      [SERVER, text('( success ( 2 2 ( ) ( edit-pipeline ) ) ) ')],
      [CLIENT, text('( 2 ( edit-pipeline ) 9:svn://a/b ) ')],
      [CLIENT, text(client)],
      [SERVER, text(answer)],
    )
    expect(new Reading(svn).hears(turns).finish().facts).toMatchObject({
      authMechanisms: [mechanism],
      authOutcome: outcome,
      credentialsExposed: exposed,
      protection: 'cleartext',
    })
  })
})
