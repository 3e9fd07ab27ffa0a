/** Caches of Debian with TLS on and off, their passwords right and wrong. */
import { type Lab, SERVER_IP } from '../lab.ts'
import { sh } from '../process.ts'
import type { Row } from '../row.ts'
import { cableRow } from './cable-row.ts'
import type { Turns } from './database-exchanges.ts'

const PASSWORD = 'not-a-secret'

export const redisServer = async (lab: Lab, ...settings: string[]): Promise<unknown> =>
  lab.serve(
    ['redis-server', '--bind', SERVER_IP, '--save', '', '--protected-mode', 'no', ...settings],
    /Ready to accept/,
  )

const REDIS_PEERS = 'redis-cli 7.0, Redis 7.0 of Debian'
export const redisCli = (lab: Lab, ...argv: string[]): Promise<string> =>
  lab.client(['redis-cli', '-h', SERVER_IP, ...argv], { mayFail: true })

const REDIS: readonly Row[] = [
  cableRow(
    'redis-auth.pcap',
    'Redis: AUTH, SET and GET in the clear',
    REDIS_PEERS,
    '`redis-cli -a`, server `requirepass`',
    {
      'frame contains "AUTH"': 1,
    },
    async (lab) => {
      await redisServer(lab, '--requirepass', PASSWORD)
      await redisCli(lab, '-a', PASSWORD, 'SET', 'colour', 'blue')
    },
  ),
  cableRow(
    'redis-hello3.pcap',
    'Redis: HELLO 3, RESP3 and no authentication',
    REDIS_PEERS,
    '`redis-cli -3`',
    {
      'frame contains "HELLO"': 1,
    },
    async (lab) => {
      await redisServer(lab)
      await redisCli(lab, '-3', 'HSET', 'a', 'b', 'c')
    },
  ),
  cableRow(
    'redis-wrong-password.pcap',
    'Redis: AUTH with a wrong password',
    REDIS_PEERS,
    '`redis-cli -a`, server `requirepass`',
    {
      'frame contains "WRONGPASS"': 1,
    },
    async (lab) => {
      await redisServer(lab, '--requirepass', PASSWORD)
      await redisCli(lab, '-a', 'not-a-secret-either', 'GET', 'colour')
    },
  ),
  cableRow(
    'redis-tls.pcap',
    'Redis: TLS from the first byte, so no more than TLS is seen',
    REDIS_PEERS,
    '`redis-cli --tls --insecure`, server `tls-port`',
    {
      'tls.handshake.type == 2': 1,
    },
    async (lab) => {
      const files = ['--tls-cert-file', lab.pki('rsa.pem'), '--tls-key-file', lab.pki('rsa.key')]
      await redisServer(lab, '--port', '0', '--tls-port', '6379', '--tls-auth-clients', 'no', ...files)
      await redisCli(lab, '--tls', '--insecure', 'GET', 'colour')
    },
    { decodeAs: ['tcp.port==6379,tls'] },
  ),
]

const MEMCACHED_PEERS = 'libmemcached-tools 1.1, memcached 1.6 of Debian'
export function memcachedServer(lab: Lab, ...settings: string[]): Promise<unknown> {
  sh(`chmod 755 "$(dirname ${lab.temp})" ${lab.temp} && printf 'mech_list: plain\\n' > ${lab.temp}/memcached.conf`)
  const env = { SASL_CONF_PATH: lab.temp }
  return lab.serve(['memcached', '-u', 'nobody', '-l', SERVER_IP, '-v', '-v', ...settings], /server listening/, { env })
}

const MEMCACHED: readonly Row[] = [
  cableRow(
    'memcached-text.pcap',
    'memcached: a set in the text protocol',
    MEMCACHED_PEERS,
    '`memccp`',
    {
      'tcp.dstport == 11211 and frame contains "set "': 1,
    },
    async (lab) => {
      await memcachedServer(lab)
      sh(`printf blue > ${lab.temp}/colour`)
      await lab.client(['memccp', `--servers=${SERVER_IP}`, `${lab.temp}/colour`])
    },
  ),
  cableRow(
    'memcached-binary.pcap',
    'memcached: a set in the binary protocol',
    MEMCACHED_PEERS,
    '`memccp --binary`',
    {
      'tcp.dstport == 11211 and memcache.magic == 0x80': 'some',
    },
    async (lab) => {
      await memcachedServer(lab)
      sh(`printf blue > ${lab.temp}/colour`)
      await lab.client(['memccp', '--binary', `--servers=${SERVER_IP}`, `${lab.temp}/colour`])
    },
  ),
  cableRow(
    'memcached-sasl.pcap',
    'memcached: SASL PLAIN in the clear, and a server that knows no such user',
    'a script of ours after doc/protocol_binary.txt, memcached 1.6 of Debian',
    '`memcached -S`',
    {
      'memcache.opcode == 0x21': 2,
    },
    async (lab) => {
      await memcachedServer(lab, '-S')
      const turns: Turns = [
        ['client', `8021000500000000${size(5 + 20)}000000000000000000000000${hex(`PLAIN\0alice\0${PASSWORD}\0`)}`],
      ]
      await lab.client(
        lab.node('exchange.mjs', {
          role: 'client',
          host: SERVER_IP,
          port: 11211,
          turns: [...turns, ['server', '00'.repeat(24)]],
        }),
      )
    },
  ),
  cableRow(
    'memcached-udp.pcap',
    'memcached over UDP: "stats" in one datagram',
    'a script of ours, memcached 1.6 of Debian',
    '`memcached -U 11211`',
    {
      'udp.dstport == 11211': 1,
    },
    async (lab) => {
      await memcachedServer(lab, '-U', '11211')
      await lab.client(
        lab.node('udp-client.mjs', { host: SERVER_IP, port: 11211, hex: `0001000000010000${hex('stats\r\n')}` }),
      )
    },
  ),
]

const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex')
const size = (bytes: number): string => bytes.toString(16).padStart(8, '0')

export const CACHES: readonly Row[] = [...REDIS, ...MEMCACHED]
