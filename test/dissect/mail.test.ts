/** What the protocols of mail, news and talk have in common: how far an upgrade came, who logged in, what crossed. */
import { describe, expect, it } from 'vitest'
import type { AuthOutcome, UpgradeState } from '../../src/core/facts.ts'
import type { Protection } from '../../src/core/verdict.ts'
import { CLIENT, type Direction, type Dissector, SERVER } from '../../src/dissect/dissector.ts'
import { ftp } from '../../src/dissect/ftp.ts'
import { imap } from '../../src/dissect/imap.ts'
import { TCP_DISSECTORS } from '../../src/dissect/index.ts'
import { irc } from '../../src/dissect/irc.ts'
import { managesieve } from '../../src/dissect/managesieve.ts'
import { nntp } from '../../src/dissect/nntp.ts'
import { pop3 } from '../../src/dissect/pop3.ts'
import { lmtp, smtp } from '../../src/dissect/smtp.ts'
import { xmpp } from '../../src/dissect/xmpp.ts'
import { conversation, Reading, text } from './conversation.ts'

/** Lines of both ends: the server's begin with "S: ", the client's with "C: ". */
function read(dissector: Dissector, script: string) {
  const turns = script
    .trim()
    .split('\n')
    .map((line): readonly [Direction, Uint8Array] => {
      const [, who, words = ''] = /^\s*([SC]): ?(.*)$/.exec(line) ?? []
      return [who === 'S' ? SERVER : CLIENT, text(`${words}\r\n`)]
    })
  const { facts, state } = new Reading(dissector).hears(conversation(...turns)).finish()
  return { facts, state }
}

const EHLO = `S: 220 mail.example ESMTP
C: EHLO a
S: 250-mail.example
S: 250-STARTTLS
S: 250 AUTH PLAIN LOGIN`

const UPGRADES: readonly (readonly [UpgradeState, Dissector, string, Protection])[] = [
  ['advertised', smtp, `${EHLO}\nC: QUIT`, 'undetermined'],
  ['skipped', smtp, `${EHLO}\nC: MAIL FROM:<a@b>`, 'cleartext'],
  ['requested', smtp, `${EHLO}\nC: STARTTLS`, 'undetermined'],
  ['accepted', smtp, `${EHLO}\nC: STARTTLS\nS: 220 go`, 'undetermined'],
  ['refused', smtp, `${EHLO}\nC: STARTTLS\nS: 454 no\nC: MAIL FROM:<a@b>`, 'cleartext'],
  ['not_offered', smtp, 'S: 220 a\nC: EHLO a\nS: 250-a\nS: 250 SIZE\nC: QUIT', 'undetermined'],
  ['stripped', smtp, 'S: 220 a\nC: EHLO a\nS: 250-a\nS: 250-XXXXXXXA\nS: 250 SIZE', 'undetermined'],
  ['not_offered', smtp, 'S: 220 a\nC: EHLO a\nS: 250-a\nS: 250-BINARYMIME\nS: 250 XXXXXXXB', 'undetermined'],
  ['stripped', smtp, `${EHLO}\nC: XXXXXXXX\nS: 500 what?`, 'undetermined'],
  ['accepted', lmtp, 'S: 220 a\nC: LHLO a\nS: 250-a\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go', 'undetermined'],
  ['accepted', imap, 'S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hi\nC: a1 STARTTLS\nS: a1 OK go', 'undetermined'],
  ['refused', imap, 'S: * OK hi\nC: a1 STARTTLS\nS: a1 BAD what?', 'undetermined'],
  ['not_offered', imap, 'S: * OK hi\nC: a1 CAPABILITY\nS: * CAPABILITY IMAP4rev1 IDLE\nS: a1 OK', 'undetermined'],
  ['stripped', imap, 'S: * OK [CAPABILITY IMAP4rev1 XXXXXXXX] hi', 'undetermined'],
  ['accepted', pop3, 'S: +OK hi\nC: CAPA\nS: +OK\nS: STLS\nS: .\nC: STLS\nS: +OK go', 'undetermined'],
  ['not_offered', pop3, 'S: +OK hi\nC: CAPA\nS: +OK\nS: USER\nS: .\nC: QUIT', 'undetermined'],
  [
    'accepted',
    nntp,
    'S: 200 NNTP\nC: CAPABILITIES\nS: 101 list\nS: STARTTLS\nS: .\nC: STARTTLS\nS: 382 go',
    'undetermined',
  ],
  ['skipped', nntp, 'S: 200 NNTP\nC: CAPABILITIES\nS: 101 list\nS: STARTTLS\nS: .\nC: GROUP a.b', 'cleartext'],
  ['refused', managesieve, 'S: "SIEVE" "x"\nS: "STARTTLS"\nS: OK\nC: STARTTLS\nS: NO', 'undetermined'],
  ['advertised', ftp, 'S: 220 FTP\nC: FEAT\nS: 211-Features\nS:  AUTH SSL;TLS\nS: 211 End', 'undetermined'],
  ['accepted', ftp, 'S: 220 FTP\nC: AUTH TLS\nS: 234 go', 'undetermined'],
  ['refused', ftp, 'S: 220 FTP\nC: AUTH TLS\nS: 530 no', 'undetermined'],
  ['advertised', irc, 'C: CAP LS 302\nS: :s CAP * LS * :sasl\nS: :s CAP * LS :tls', 'undetermined'],
  ['accepted', irc, 'C: STARTTLS\nS: :s 670 * :go', 'undetermined'],
  ['refused', irc, 'C: STARTTLS\nS: :s 691 * :no', 'undetermined'],
  ['refused', irc, 'C: STARTTLS\nS: :s 421 a STARTTLS :Unknown command', 'undetermined'],
  ['requested', irc, 'C: STARTTLS\nS: :s 421 a OTHER :Unknown command', 'undetermined'],
  ['refused', irc, 'C: STARTTLS\nS: :s 001 a :Welcome', 'cleartext'],
  [
    'accepted',
    xmpp,
    "S: <stream:features><starttls xmlns='x'/></stream:features>\nC: <starttls/>\nS: <proceed/>",
    'undetermined',
  ],
  ['refused', xmpp, "C: <starttls xmlns='x'/>\nS: <failure xmlns='x'/>", 'undetermined'],
]

describe('an upgrade is', () => {
  it.each(
    UPGRADES.map(([upgradeState, dissector, script, protection]) => ({
      upgradeState,
      protocol: dissector.name,
      dissector,
      script,
      protection,
    })),
  )('$upgradeState in $protocol: $script', ({ upgradeState, dissector, script, protection }) => {
    const { facts, state } = read(dissector, script)
    expect(facts).toMatchObject({ upgradeState, protection })
    expect(state.tunnel).toBe(upgradeState === 'accepted')
  })

  it('found in the record of TLS where a line was due, whatever was asked before', () => {
    const reading = new Reading(smtp).hears(conversation([CLIENT, text('EHLO a\r\n')], [SERVER, [22, 3, 3, 0, 9]]))
    expect(reading.facts).toMatchObject({ upgrade: 'starttls', upgradeState: 'accepted' })
  })

  it('waited for, when the client does not wait', () => {
    const hello = [22, 3, 1, 0, 2, 1, 0]
    const reading = new Reading(smtp).hears(conversation([CLIENT, text('EHLO a\r\nSTARTTLS\r\n')], [CLIENT, hello]))
    expect(reading.state.tunnel).toBe(false)
    reading.says(SERVER, text('220 a\r\n250 a\r\n220 go\r\n'))
    expect(reading.state.tunnel).toBe(true)
  })
})

const LOGINS: readonly (readonly [Dissector, string, string, AuthOutcome, string | null])[] = [
  [
    smtp,
    'C: EHLO a\nC: AUTH PLAIN AGEAYg==\nS: 220 a\nS: 250 a\nS: 235 ok',
    'sasl-plain',
    'success',
    'smtp-auth-plain',
  ],
  [
    smtp,
    `${EHLO}\nC: AUTH LOGIN\nS: 334 VXNl\nC: YQ==\nS: 334 UGFz\nC: Yg==\nS: 535 no`,
    'sasl-login',
    'failure',
    'smtp-auth-login',
  ],
  [smtp, `${EHLO}\nC: AUTH LOGIN\nS: 334 VXNl\nC: YQ==\nS: 535 no`, 'sasl-login', 'failure', null],
  [smtp, `${EHLO}\nC: AUTH PLAIN\nS: 334 \nC: *\nS: 501 given up`, 'sasl-plain', 'failure', null],
  [smtp, `${EHLO}\nC: AUTH CRAM-MD5\nS: 334 PDE+\nC: YQ==\nS: 235 ok`, 'sasl-cram-md5', 'success', null],
  [imap, 'S: * OK hi\nC: a LOGIN bob secret\nS: a OK', 'login', 'success', 'imap-login'],
  [imap, 'S: * OK hi\nC: a LOGIN {3+}\nC: b\nC:  secret\nS: a NO', 'login', 'failure', 'imap-login'],
  [imap, 'S: * OK hi\nC: a AUTHENTICATE SCRAM-SHA-256\nS: +\nC: biws\nS: a OK', 'scram-sha-256', 'success', null],
  [pop3, 'S: +OK hi\nC: USER bob\nS: +OK\nC: PASS x\nS: -ERR', 'user-pass', 'failure', 'pop3-pass'],
  [pop3, 'S: +OK hi <1@a>\nC: APOP bob c4c9334bac560ecc979e58001b3e22fb\nS: +OK', 'apop', 'success', null],
  [
    nntp,
    'S: 200 NNTP\nC: AUTHINFO USER b\nS: 381 more\nC: AUTHINFO PASS x\nS: 281 ok',
    'user-pass',
    'success',
    'nntp-authinfo-pass',
  ],
  [
    managesieve,
    'S: "SIEVE" "x"\nS: OK\nC: AUTHENTICATE "PLAIN" "AGEAYg=="\nS: NO',
    'sasl-plain',
    'failure',
    'managesieve-auth-plain',
  ],
  [ftp, 'S: 220 FTP\nC: USER bob\nS: 331 go\nC: PASS x\nS: 230 in', 'user-pass', 'success', 'ftp-pass'],
  [ftp, 'S: 220 FTP\nC: USER anonymous\nS: 331 go\nC: PASS a@b\nS: 230 in', 'anonymous', 'success', null],
  [
    irc,
    'C: AUTHENTICATE PLAIN\nS: AUTHENTICATE +\nC: AUTHENTICATE AGEAYg==\nS: :s 903 a :ok',
    'sasl-plain',
    'success',
    'irc-auth-plain',
  ],
  [xmpp, "C: <auth mechanism='PLAIN'>AGEAYg==</auth>\nS: <success/>", 'sasl-plain', 'success', 'xmpp-auth-plain'],
  [
    xmpp,
    "C: <auth mechanism='SCRAM-SHA-1'>biws</auth>\nS: <failure><not-authorized/></failure>",
    'scram-sha-1',
    'failure',
    null,
  ],
]

describe('a login shows mechanism, outcome and what it exposes', () => {
  it.each(
    LOGINS.map(([dissector, script, mechanism, authOutcome, kind]) => ({
      protocol: dissector.name,
      dissector,
      script,
      mechanism,
      authOutcome,
      kind,
    })),
  )('$mechanism in $protocol', ({ dissector, script, mechanism, authOutcome, kind }) => {
    const { facts } = read(dissector, script)
    expect(facts).toMatchObject({
      authMechanisms: [mechanism],
      authOutcome,
      credentialsExposed: kind === null ? [] : [kind],
    })
    if (kind !== null) expect(facts.protection).toBe('cleartext')
  })
})

describe('behind a mechanism with a layer of its own', () => {
  const bound = conversation(
    [SERVER, text('* OK hi\r\n')],
    [CLIENT, text('a AUTHENTICATE GSSAPI\r\n')],
    [SERVER, text('+ \r\n')],
    [CLIENT, text('YII=\r\n')],
    [SERVER, text('a OK in\r\n')],
  )

  it('wrapped data is opaque', () => {
    const { facts } = new Reading(imap).hears(bound).says(CLIENT, [0, 0, 0, 4, 1, 2, 3, 4]).finish()
    expect(facts).toMatchObject({ protection: 'opaque', authOutcome: 'success' })
  })

  it('commands in the clear are in the clear', () => {
    expect(new Reading(imap).hears(bound).says(CLIENT, text('b SELECT x\r\n')).finish().facts.protection).toBe(
      'cleartext',
    )
  })
})

describe('probe', () => {
  const knows = (words: string, from: Direction): string[] => {
    const bytes = text(words)
    return TCP_DISSECTORS.filter((one) => one.probe(bytes, 0, bytes.length, from) === 'match').map(({ name }) => name)
  }

  it.each([
    ['220 mail.example ESMTP Postfix\r\n', 'smtp'],
    ['220 smtp.example FTP server ready\r\n', 'ftp'],
    ['220-\r\n220 (vsFTPd 3.0.5)\r\n', 'ftp'],
    ['220 welcome\r\n331 password?\r\n', 'ftp'],
    ['220 welcome\r\n250-a\r\n250 PIPELINING\r\n', 'smtp'],
    ['227 Entering Passive Mode (10,0,0,1,4,1)\r\n', 'ftp'],
    ['+OK POP3 ready\r\n', 'pop3'],
    ['* OK IMAP4rev1\r\n', 'imap'],
    ['200 news.example InterNetNews NNRP server\r\n', 'nntp'],
    ['"IMPLEMENTATION" "x"\r\n"SIEVE" "y"\r\n', 'managesieve'],
    [':irc.example 001 a :hi\r\n', 'irc'],
    ['NOTICE AUTH :*** Looking up your hostname\r\n', 'irc'],
  ])('knows %j of a server', (words, name) => expect(knows(words, SERVER)).toEqual([name]))

  it.each([
    ['EHLO client\r\n', 'smtp'],
    ['LHLO client\r\n', 'lmtp'],
    ['a1 CAPABILITY\r\n', 'imap'],
    ['USER bob\r\nPASS x\r\nUIDL\r\n', 'pop3'],
    ['USER bob\r\nPASS x\r\nSYST\r\n', 'ftp'],
    ['NICK a\r\nUSER a 0 * :A\r\n', 'irc'],
    ['STARTTLS\r\nPASS x\r\nNICK a\r\nUSER a 0 * :A\r\n', 'irc'],
    ['PRIVMSG bob :hi\r\n', 'irc'],
    ['AUTHINFO USER a\r\n', 'nntp'],
  ])('knows %j of a client', (words, name) => expect(knows(words, CLIENT)).toEqual([name]))

  it.each([
    '220 welcome\r\n', // several protocols'
    '200 OK\r\n',
    '+OK\r\n', // Redis
    '+PANG\r\n',
    '* not IMAP\r\n',
    'GET LIST HTTP/1.1\r\n',
    'abc LOGIN x y\r\n', // a tag without a digit
    'USER bob\r\n',
    'STARTTLS\r\n',
    ':a:b 001 x\r\n',
    '220\0 ESMTP\r\n',
    "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'>",
  ])('is not sure of %j', (words) => {
    expect([...knows(words, SERVER), ...knows(words, CLIENT)]).toEqual([])
  })
})
