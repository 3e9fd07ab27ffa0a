import { CLIENT_IP, type Lab, SERVER_IP } from '../lab.ts'
import { file, type NetworkRow, row, serveQuietly } from '../network.ts'

import type { Row } from '../row.ts'

const COTURN = 'turnutils_uclient 4.6, coturn 4.6 of Debian'

const serveTurn = (lab: Lab): Promise<unknown> =>
  serveQuietly(
    lab,
    `turnserver -n -L ${SERVER_IP} --lt-cred-mech -u alice:not-a-secret -r example.test --no-tls --no-dtls --no-cli \
     --pidfile ${lab.temp}/pid --userdb ${lab.temp}/db -l stdout --simple-log`,
    2,
  )

const STUN_ROWS: readonly NetworkRow[] = [
  {
    name: 'stun-binding.pcap',
    shows: 'STUN: binding requests and answers',
    peers: 'turnutils_stunclient 4.6, coturn 4.6 of Debian',
    how: '`turnutils_stunclient 10.11.0.3`',
    checks: { 'stun.type == 0x0001': 'some', 'stun.type == 0x0101': 'some' },
    talk: async (lab) => {
      await serveTurn(lab)
      await lab.client(['turnutils_stunclient', SERVER_IP], { mayFail: true, timeoutMs: 4000 })
    },
  },
  {
    name: 'turn-udp.pcap',
    shows: 'TURN over UDP: an allocation with long-term credentials',
    peers: COTURN,
    how: '`turnutils_uclient -u alice -w … -n 1 10.11.0.3`',
    checks: { 'stun.type == 0x0003': 'some', 'stun.type == 0x0103': 'some' },
    talk: async (lab) => {
      await serveTurn(lab)
      const login = ['-u', 'alice', '-w', 'not-a-secret']
      await lab.client(['turnutils_uclient', '-y', '-c', '-m', '1', '-n', '1', ...login, SERVER_IP], {
        mayFail: true,
        timeoutMs: 8000,
      })
    },
  },
  {
    name: 'turn-tcp.pcap',
    shows: 'TURN over TCP',
    peers: COTURN,
    how: '`turnutils_uclient -t -u alice -w … -n 1 10.11.0.3`',
    checks: { 'stun.type == 0x0003 and tcp': 'some' },
    talk: async (lab) => {
      await serveTurn(lab)
      const login = ['-u', 'alice', '-w', 'not-a-secret']
      await lab.client(['turnutils_uclient', '-t', '-y', '-c', '-m', '1', '-n', '1', ...login, SERVER_IP], {
        mayFail: true,
        timeoutMs: 8000,
      })
    },
  },
]

const HEAD = `Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:alice@example.test>;tag=[call_number]
To: <sip:alice@example.test>
Call-ID: [call_id]
Contact: <sip:alice@[local_ip]:[local_port]>
Max-Forwards: 70`
const REPLY = '[last_Via:]\n[last_From:]\n[last_To:];tag=1\n[last_Call-ID:]\n[last_CSeq:]'

const scenario = (steps: string): string =>
  `<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="lab">\n${steps}\n</scenario>\n`
const send = (message: string, more = ''): string => `<send ${more}><![CDATA[\n${message}\n\n]]></send>`

const REGISTER = 'REGISTER sip:example.test SIP/2.0'
const REGISTER_CLIENT = scenario(
  `${send(`${REGISTER}\n${HEAD}\nCSeq: 1 REGISTER\nContent-Length: 0`)}<recv response="401" auth="true"/>` +
    `${send(`${REGISTER}\n${HEAD}\nCSeq: 2 REGISTER\n[authentication username=alice password=not-a-secret]\nContent-Length: 0`)}<recv response="200"/>`,
)
const REGISTER_SERVER = scenario(
  `<recv request="REGISTER"/>${send(`SIP/2.0 401 Unauthorized\n${REPLY}\nWWW-Authenticate: Digest realm="example.test", nonce="0001"\nContent-Length: 0`)}` +
    `<recv request="REGISTER"/>${send(`SIP/2.0 200 OK\n${REPLY}\nContent-Length: 0`)}`,
)

const SDP = (profile: string, more: string): string =>
  `v=0\no=alice 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [local_ip]\nt=0 0\nm=audio 40000 ${profile} 0${more}`
const INVITE_CLIENT = (profile: string, more: string): string =>
  scenario(
    `${send(`INVITE sip:bob@example.test SIP/2.0\n${HEAD}\nCSeq: 1 INVITE\nContent-Type: application/sdp\nContent-Length: [len]\n\n${SDP(profile, more)}`)}` +
      `<recv response="200"/>${send(`ACK sip:bob@example.test SIP/2.0\n${HEAD}\nCSeq: 1 ACK\nContent-Length: 0`)}`,
  )
const INVITE_SERVER = (profile: string, more: string): string =>
  scenario(
    `<recv request="INVITE"/>${send(`SIP/2.0 200 OK\n${REPLY}\nContent-Type: application/sdp\nContent-Length: [len]\n\n${SDP(profile, more)}`)}` +
      '<recv request="ACK"/>',
  )
const CRYPTO = `\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${'A'.repeat(40)}`

function sipRow(
  name: string,
  shows: string,
  transport: 'u1' | 't1',
  [client, server]: readonly [string, string],
  checks: Row['checks'],
): NetworkRow {
  return {
    name,
    shows,
    peers: 'sipp 3.6.1, sipp 3.6.1 of Debian',
    how: `scenarios of ours, \`-t ${transport}\``,
    checks,
    talk: async (lab) => {
      const shared = ['-t', transport, '-m', '1', '-nostdin', '-p', '5060']
      const scene = file(lab, 'server.xml', server)
      await serveQuietly(lab, `sipp -sf ${scene} -i ${SERVER_IP} ${shared.join(' ')} >/dev/null`)
      const args = [
        '-sf',
        file(lab, 'client.xml', client),
        '-i',
        CLIENT_IP,
        ...shared,
        '-timeout',
        '6s',
        `${SERVER_IP}:5060`,
      ]
      await lab.client(['sipp', ...args], { mayFail: true, timeoutMs: 8000, env: { TERM: 'xterm' } })
    },
  }
}

const SIP_ROWS: readonly NetworkRow[] = [
  sipRow('sip-register-udp.pcap', 'SIP over UDP: a registration by Digest', 'u1', [REGISTER_CLIENT, REGISTER_SERVER], {
    'sip.Method == "REGISTER"': 2,
    'sip.Status-Code == 200': 1,
  }),
  sipRow('sip-register-tcp.pcap', 'the same over TCP', 't1', [REGISTER_CLIENT, REGISTER_SERVER], {
    'sip.Method == "REGISTER" and tcp': 2,
  }),
  sipRow(
    'sip-sdes.pcap',
    'SIP over UDP: a call whose SRTP key crosses in the clear (SDES)',
    'u1',
    [INVITE_CLIENT('RTP/SAVP', CRYPTO), INVITE_SERVER('RTP/SAVP', CRYPTO)],
    {
      'sdp.media_attr contains "crypto"': 2,
    },
  ),
]

const FFMPEG = 'ffmpeg 5.1.9 of Debian, nobody'

/** ffmpeg sends a second of sound; nobody has to listen. */
function rtpRow(
  name: string,
  shows: string,
  source: string,
  target: string,
  options: readonly string[],
  checks: Row['checks'],
): NetworkRow {
  return {
    name,
    shows,
    peers: FFMPEG,
    how: `\`ffmpeg -re -f lavfi -i ${source} ${options.join(' ')} -f rtp ${target}\``.replaceAll(
      /-srtp_out_params \S+/g,
      '-srtp_out_params …',
    ),
    checks,
    decodeAs: ['udp.port==5004,rtp'],
    talk: async (lab) => {
      await lab.serve(lab.node('datagrams.mjs', { host: SERVER_IP, port: 5004, datagrams: [] }), /ready/)
      await lab.serve(lab.node('datagrams.mjs', { host: SERVER_IP, port: 5005, datagrams: [] }), /ready/)
      const input = ['-re', '-f', 'lavfi', '-i', source, '-t', '1', '-ac', '1']
      await lab.client(['ffmpeg', '-nostdin', '-loglevel', 'error', ...input, ...options, '-f', 'rtp', target], {
        mayFail: true,
      })
    },
  }
}

const G711 = ['-ar', '8000', '-c:a', 'pcm_mulaw']
const G722 = ['-ar', '16000', '-c:a', 'g722']
const SRTP = [
  '-srtp_out_suite',
  'AES_CM_128_HMAC_SHA1_80',
  '-srtp_out_params',
  'bm90LWEtc2VjcmV0LW5vdC1hLXNlY3JldC1ub3Qt',
]

const RTP_ROWS: readonly NetworkRow[] = [
  rtpRow(
    'rtp-silence.pcap',
    'RTP: silence in G.711, which no cipher would produce; RTCP on the port above',
    'anullsrc',
    `rtp://${SERVER_IP}:5004`,
    G711,
    {
      rtp: 'some',
      rtcp: 'some',
    },
  ),
  rtpRow(
    'rtp-undetermined.pcap',
    'RTP: a tone in G.722, which might as well be encrypted',
    'sine=frequency=997',
    `rtp://${SERVER_IP}:5004?rtcpport=5005`,
    G722,
    {
      rtp: 'some',
    },
  ),
  rtpRow(
    'srtp.pcap',
    'SRTP: its header is that of RTP, and nothing in it tells that the payload is encrypted',
    'sine=frequency=997',
    `srtp://${SERVER_IP}:5004`,
    [...G722, ...SRTP],
    {
      'udp.dstport == 5004': 'some',
    },
  ),
]

const ANSWER =
  'RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Type: application/sdp\r\nContent-Length: 21\r\n\r\nv=0\r\nm=audio 0 RTP/AVP'

const RTSP_ROWS: readonly NetworkRow[] = [
  {
    name: 'rtsp-record.pcap',
    shows: 'RTSP: a stream is announced and recorded, RTP interleaved',
    peers: 'ffmpeg 5.1.9, ffmpeg 5.1.9 of Debian',
    how: '`ffmpeg -f rtsp -rtsp_transport tcp rtsp://10.11.0.3:8554/live`, server `-rtsp_flags listen`',
    checks: { 'rtsp.request': 'some', 'rtsp.response': 'some' },
    decodeAs: ['tcp.port==8554,rtsp'],
    talk: async (lab) => {
      const url = `rtsp://${SERVER_IP}:8554/live`
      await serveQuietly(lab, `ffmpeg -nostdin -loglevel error -rtsp_flags listen -i ${url} -f null -`)
      const input = ['-re', '-f', 'lavfi', '-i', 'anullsrc', '-t', '0.3', '-ac', '1', ...G711]
      await lab.client(
        ['ffmpeg', '-nostdin', '-loglevel', 'error', ...input, '-f', 'rtsp', '-rtsp_transport', 'tcp', url],
        { mayFail: true, timeoutMs: 6000 },
      )
    },
  },
  {
    name: 'rtsp-basic.pcap',
    shows: 'RTSP: a password by Basic in the clear',
    peers: 'ffmpeg 5.1.9 of Debian, a script of ours',
    how: '`ffmpeg -rtsp_transport tcp -i rtsp://alice:…@10.11.0.3:8554/live`',
    checks: { 'rtsp contains "Authorization: Basic"': 'some' },
    decodeAs: ['tcp.port==8554,rtsp'],
    talk: async (lab) => {
      const answers = [
        'RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: DESCRIBE\r\n\r\n',
        'RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Basic realm="lab"\r\n\r\n',
        ANSWER,
      ]
      await lab.serve(lab.node('exchange-server.mjs', { host: SERVER_IP, port: 8554, answers }), /ready/)
      const url = `rtsp://alice:not-a-secret@${SERVER_IP}:8554/live`
      await lab.client(
        ['ffmpeg', '-nostdin', '-loglevel', 'error', '-rtsp_transport', 'tcp', '-i', url, '-f', 'null', '-'],
        { mayFail: true, timeoutMs: 5000 },
      )
    },
  },
]

export const MEDIA: readonly Row[] = [...STUN_ROWS, ...SIP_ROWS, ...RTP_ROWS, ...RTSP_ROWS].map(row)
