/** Conversations written down byte by byte, for databases whose peers Debian does not have. Lengths are computed. */

/** Who says what, in hex. */
export type Turns = readonly (readonly ['client' | 'server', string])[]

const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex')
const number = (value: number, bytes: number): string => value.toString(16).padStart(bytes * 2, '0')
const little = (value: number, bytes: number): string => number(value, bytes).match(/../g)?.reverse().join('') ?? ''
const counted = (body: string, bytes: number): string => number(body.length / 2, bytes) + body

/** PostgreSQL documentation, "GSSAPI Session Encryption": tokens and wrapped messages behind a length of four bytes. */
export function postgresqlGssenc(): Turns {
  return [
    ['client', '0000000804d21630'],
    ['server', hex('G')],
    ['client', counted(`6082010006092a864886f712010202${'5a'.repeat(80)}`, 4)],
    ['server', counted(`608000a506092a864886f712010202${'a5'.repeat(60)}`, 4)],
    ['client', counted('c3'.repeat(120), 4)],
    ['server', counted('3c'.repeat(90), 4)],
  ]
}

const mysqlPacket = (sequence: number, body: string): string => little(body.length / 2, 3) + number(sequence, 1) + body

/** MySQL documentation, "Connection Phase": Handshake v10, HandshakeResponse41, AuthSwitchRequest, the password, OK. */
export function mysqlClearPassword(password: string): Turns {
  const plugin = `${hex('mysql_native_password')}00`
  const nonce = `${'5a'.repeat(8)}00`
  const greeting = `0a${hex('8.0.36')}0007000000${nonce}fff7ff0200ff8115${'00'.repeat(10)}${'6b'.repeat(12)}00${plugin}`
  const response = `85a23f00${little(1 << 24, 4)}ff${'00'.repeat(23)}${hex('alice')}00${counted('7c'.repeat(20), 1)}${plugin}`
  return [
    ['server', mysqlPacket(0, greeting)],
    ['client', mysqlPacket(1, response)],
    ['server', mysqlPacket(2, `fe${hex('mysql_clear_password')}00`)],
    ['client', mysqlPacket(3, `${hex(password)}00`)],
    ['server', mysqlPacket(4, '00000002000000')],
    ['client', mysqlPacket(0, `03${hex('select 1')}`)],
  ]
}

/** native_protocol_v4.spec §2, and v5.spec §2.1 for segments; their checksums are left zero. */
export function cassandra(password: string, version: 4 | 5, refused: boolean): Turns {
  const frame = (opcode: number, body: string, response = 0): string =>
    `${number(version | response, 1)}000000${number(opcode, 1)}${counted(body, 4)}`
  const text = (word: string): string => counted(hex(word), 2)
  const inSegment = (bytes: string): string =>
    version < 5 ? bytes : `${little((bytes.length / 2) | 0x20000, 3)}000000${bytes}00000000`
  const options = `0001${text('CQL_VERSION')}0001${text('3.4.6')}`
  const outcome = refused
    ? frame(0x00, `00000100${text('Provided username and/or password are incorrect')}`, 0x80)
    : frame(0x10, 'ffffffff', 0x80)
  return [
    ['client', frame(0x05, '')],
    ['server', frame(0x06, options, 0x80)],
    ['client', frame(0x01, `0001${text('CQL_VERSION')}${text('3.0.0')}`)],
    ['server', frame(0x03, text('org.apache.cassandra.auth.PasswordAuthenticator'), 0x80)],
    ['client', inSegment(frame(0x0f, counted(hex(`\0alice\0${password}`), 4)))],
    ['server', inSegment(outcome)],
  ]
}

/** Oracle Net: CONNECT, ACCEPT, the negotiation of network services, and data behind it. */
export function tns(encryption: number): Turns {
  const descriptor = hex(
    '(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=orcl)(CID=(PROGRAM=app)(HOST=c)(USER=alice)))(ADDRESS=(PROTOCOL=TCP)(HOST=10.11.0.3)(PORT=1521)))',
  )
  const packet = (type: number, body: string): string =>
    `${number(body.length / 2 + 8, 2)}0000${number(type, 1)}000000${body}`
  const connect =
    `013a012c0c41200 0ffff7f0800000001${number(descriptor.length / 2, 2)}003a00000200 4141${'00'.repeat(24)}`.replaceAll(
      ' ',
      '',
    )
  const parameter = (type: number, value: string): string => `${number(value.length / 2, 2)}${number(type, 2)}${value}`
  const service = (type: number, ...parameters: string[]): string =>
    `${number(type, 2)}${number(parameters.length, 2)}00000000${parameters.join('')}`
  const version = parameter(5, '0b200200')
  const negotiation = (...services: string[]): string => {
    const body = `0b200200${number(services.length, 2)}00${services.join('')}`
    return packet(6, `0000deadbeef${number(body.length / 2 + 6, 2)}${body}`)
  }
  const data = encryption === 0 ? hex('select 1 from dual') : '9d'.repeat(40)
  return [
    ['client', packet(1, connect + descriptor)],
    ['server', packet(2, `013a00000800 ffff 0001 0000 0018 4141`.replaceAll(' ', ''))],
    [
      'client',
      negotiation(
        service(4, version),
        service(1, version),
        service(2, version, parameter(1, '0011100f0c')),
        service(3, version, parameter(1, '0001')),
      ),
    ],
    [
      'server',
      negotiation(
        service(4, version),
        service(1, version),
        service(2, version, parameter(2, number(encryption, 1))),
        service(3, version, parameter(2, '00')),
      ),
    ],
    ['client', packet(6, `0000${data}`)],
    ['server', packet(6, `0000${data}`)],
  ]
}

/** Elasticsearch's TcpHeader: "ES", length, request id, status, version, and since 7.6 the length of the headers. */
export function elasticsearch(): Turns {
  const message = (status: number, body: string): string =>
    `4553${counted(`0000000000000001${number(status, 1)}${number(7_170_099, 4)}${body}`, 4)}`
  return [
    ['client', message(0x08, `0000001a000000${counted(hex('internal:tcp/handshake'), 1)}0004c3d5b503`)],
    ['server', message(0x09, '00000002000004c3d5b503')],
  ]
}
