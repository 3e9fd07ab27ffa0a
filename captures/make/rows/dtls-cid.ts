import { join } from 'node:path'
import { HOST, type Lab, SERVER_IP } from '../lab.ts'
import { sh, sleep } from '../process.ts'
import type { Row } from '../row.ts'

const SOURCE = join(import.meta.dirname, '../peers/dtls-cid.c')

/** Ports by what both ends want to be called; the client of the second wants no id, as most do. */
const FLOWS = [
  { port: '4433', server: '5e5e5e01', client: 'c1c1c1c1c102' },
  { port: '4434', server: '5e5e5e02', client: '' },
] as const

/** CAPTURES_MBEDTLS names a folder into which Debian 13's libmbedtls-dev was unpacked, where the system's own is older. */
function build(lab: Lab): string {
  const folder = process.env['CAPTURES_MBEDTLS']
  const libraries = '-lmbedtls -lmbedx509 -lmbedcrypto'
  const from =
    folder === undefined
      ? libraries
      : `-I${folder}/usr/include -L${folder}/usr/lib/x86_64-linux-gnu -Wl,-Bstatic ${libraries} -Wl,-Bdynamic`
  const program = `${lab.temp}/dtls-cid`
  sh(`gcc -O1 -o ${program} ${SOURCE} ${from}`)
  return program
}

/**
 * CAPTURES_WOLFSSL names a folder in which wolfSSL was built from Debian 13's source, as its library is without either:
 * `./autogen.sh && ./configure --enable-dtls --enable-dtls13 --enable-dtlscid --enable-tls13 && make`.
 */
function wolfsslFolder(): string {
  const folder = process.env['CAPTURES_WOLFSSL']
  if (folder === undefined)
    throw new Error('CAPTURES_WOLFSSL names no folder: captures/make/rows/dtls-cid.ts says of what')
  return folder
}

const wolfssl = (end: 'server' | 'client', ...options: string[]): string[] => [
  `examples/${end}/${end}`,
  ...['-u', '-v', '4', '-p', '4433', '-d', '-x', ...options],
]

async function talkMbedtls(lab: Lab): Promise<void> {
  const program = build(lab)
  for (const { port, server, client } of FLOWS) {
    const files = [lab.pki('ec.pem'), lab.pki('ec.key')]
    await lab.serve([program, 'server', SERVER_IP, port, ...files, server], /listening/)
    await lab.client([program, 'client', SERVER_IP, port, '-', '-', client])
  }
}

async function talkWolfssl(lab: Lab): Promise<void> {
  const cwd = wolfsslFolder()
  const files = ['-c', lab.pki('ec.pem'), '-k', lab.pki('ec.key')]
  const trust = ['-A', lab.pki('ec-root.pem')]
  await lab.serve(wolfssl('server', '-b', ...files, ...trust, '--cid', 's1'), /^/, { cwd })
  await sleep(500)
  await lab.client(wolfssl('client', '-h', SERVER_IP, '-S', HOST, ...trust, '--cid', 'c1'), { cwd })
}

/** Who has gone before the last word answers it with ICMP, which is left out. */
const datagrams = (row: Omit<Row, 'record'>, talk: (lab: Lab) => Promise<void>): Row => ({
  ...row,
  record: async (lab) => {
    lab.wire('cable')
    await lab.capture({ filter: 'udp' })
    await talk(lab)
  },
})

export const DTLS_CID: readonly Row[] = [
  datagrams(
    {
      name: 'dtls13-cid-wolfssl.pcap',
      shows:
        'DTLS 1.3 with connection ids of both ends, behind a HelloRetryRequest: protected records have the unified header (RFC 9147 §4)',
      peers: 'wolfSSL 5.7.2, the same (`examples/client`, `examples/server`)',
      how: '`server -u -v 4 --cid s1`, `client -u -v 4 --cid c1`',
      checks: {
        'dtls.handshake.type == 1 and dtls.handshake.extension.type == 54': 2,
        'dtls.handshake.type == 2': 2,
        // C, S and L are set, of epoch 2 and of epoch 3; then the id of the receiver.
        'udp.srcport == 4433 and udp.payload[0:3] == 3e:63:31': 'some',
        'udp.dstport == 4433 and udp.payload[0:3] == 3f:73:31': 'some',
      },
    },
    talkWolfssl,
  ),
  datagrams(
    {
      name: 'dtls12-cid-mbedtls.pcap',
      shows:
        'two flows with connection ids (RFC 9146): of both ends, and of the server alone, whose own records have none',
      peers: 'Mbed TLS 3.6.6, the same (`peers/dtls-cid.c`)',
      how: '`mbedtls_ssl_conf_cid`, `mbedtls_ssl_set_cid`',
      checks: {
        'dtls.handshake.type == 1 and dtls.handshake.extension.type == 54': 2,
        'dtls.handshake.type == 2 and dtls.handshake.extension.type == 54': 2,
        'udp.dstport == 4433 and udp.payload contains 5e:5e:5e:01': 'some',
        'udp.srcport == 4433 and udp.payload contains c1:c1:c1:c1:c1:02': 'some',
        'udp.srcport == 4434 and udp.payload[0:1] == 19': 0,
      },
    },
    talkMbedtls,
  ),
]
