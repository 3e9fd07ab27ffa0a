import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Lab, SERVER_IP } from '../lab.ts'
import { sh } from '../process.ts'
import type { Row } from '../row.ts'

const MOSQUITTO = 'mosquitto 2.0.11'
const LOGIN = ['-u', 'alice', '-P', 'not-a-secret']
const WITH_PASSWORDS = ['allow_anonymous false', 'password_file passwords']

interface MqttRow {
  readonly name: string
  readonly shows: string
  readonly port?: number
  /** Lines of mosquitto.conf behind the listener's. */
  readonly broker?: readonly string[]
  readonly client?: readonly string[]
  readonly checks: Row['checks']
  readonly decodeAs?: readonly string[]
}

/** mosquitto_pub sends one message to mosquitto. */
function mqttRow(row: MqttRow): Row {
  const { name, shows, port = 1883, broker = ['allow_anonymous true'], client = [], checks, decodeAs = [] } = row
  return {
    name,
    shows,
    peers: `mosquitto_pub 2.0.11, ${MOSQUITTO}`,
    how: `\`mosquitto\` with \`listener ${port}\`, \`${broker.join('`, `')}\`; \`${['mosquitto_pub', ...client].join(' ')}\``,
    checks,
    decodeAs,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await serveMosquitto(lab, [`listener ${port} ${SERVER_IP}`, ...broker])
      const message = ['-i', 'a-client', '-t', 'rooms/1/temperature', '-m', '21.5']
      const to = ['-h', SERVER_IP, '-p', String(port)]
      const args = client.map((each) => (each.endsWith('.pem') ? lab.pki(each) : each))
      await lab.client(['mosquitto_pub', ...to, ...message, ...args], { mayFail: true })
    },
  }
}

export async function serveMosquitto(
  lab: Lab,
  lines: readonly string[],
  at: 'client' | 'server' = 'server',
): Promise<void> {
  const file = join(lab.temp, `mosquitto-${at}.conf`)
  const inPki = (line: string): string => line.replace(/\w+\.(pem|key)$/, (one) => lab.pki(one))
  const inTemp = (line: string): string => line.replace(/passwords$/, (one) => join(lab.temp, one))
  sh(`mosquitto_passwd -c -b ${lab.temp}/passwords alice not-a-secret; chmod 644 ${lab.temp}/passwords`)
  writeFileSync(file, ['log_dest stderr', 'user root', ...lines.map(inPki).map(inTemp), ''].join('\n'))
  await lab.serve(['mosquitto', '-c', file], /running/, { at })
}

const MQTT: readonly MqttRow[] = [
  {
    name: 'mqtt-password.pcap',
    shows: 'MQTT 3.1.1 with user name and password in the clear, accepted',
    broker: WITH_PASSWORDS,
    client: LOGIN,
    checks: { 'mqtt.msgtype == 1 and mqtt.ver == 4 and mqtt.passwd': 1, 'mqtt.conack.val == 0': 1 },
  },
  {
    name: 'mqtt31-refused.pcap',
    shows: 'MQTT 3.1 with a wrong password, refused',
    broker: WITH_PASSWORDS,
    client: ['-V', 'mqttv31', '-u', 'alice', '-P', 'not-a-secret-either'],
    checks: { 'mqtt.msgtype == 1 and mqtt.ver == 3 and mqtt.passwd': 1, 'mqtt.conack.val == 5': 1 },
  },
  {
    name: 'mqtt5-on-443.pcap',
    shows: 'MQTT 5.0 without credentials, on the port of HTTPS',
    port: 443,
    client: ['-V', 'mqttv5'],
    checks: { 'mqtt.msgtype == 1 and mqtt.ver == 5 and not mqtt.passwd': 1, 'mqtt.connack.reason_code == 0': 1 },
    decodeAs: ['tcp.port==443,mqtt'],
  },
  {
    name: 'mqtt-tls.pcap',
    shows: 'MQTT inside TLS, on a port of its own: only TLS is to be seen',
    port: 8883,
    broker: ['allow_anonymous true', 'certfile rsa.pem', 'keyfile rsa.key'],
    client: ['--cafile', 'rsa-root.pem', '--insecure', ...LOGIN],
    checks: { 'tls.handshake.type == 2': 1, mqtt: 0 },
  },
]

const BRIDGE: Row = {
  name: 'mqtt-bridge.pcap',
  shows: 'MQTT 3.1.1 between two brokers, one of which says by bit 7 of the level that it is a bridge',
  peers: `${MOSQUITTO}, ${MOSQUITTO}`,
  how: '`mosquitto` with `connection`, `address`, `topic # out`, `remote_username alice` to a `mosquitto` with passwords',
  checks: { 'mqtt.msgtype == 1 and mqtt.ver == 132': 1, 'mqtt.msgtype == 2': 1 },
  record: async (lab) => {
    lab.wire('cable')
    await lab.capture()
    await serveMosquitto(lab, [`listener 1883 ${SERVER_IP}`, ...WITH_PASSWORDS])
    const remote = ['remote_username alice', 'remote_password not-a-secret', 'bridge_protocol_version mqttv311']
    const bridge = ['connection up', `address ${SERVER_IP}`, 'topic # out', 'notifications false', ...remote]
    await serveMosquitto(lab, ['listener 1884 127.0.0.1', 'allow_anonymous true', ...bridge], 'client')
    await lab.client(['sleep', '1'])
  },
}

const PYTHON = '/usr/bin/python3'
const peer = (name: string): string => join(import.meta.dirname, '../peers', name)

type Said = string | { readonly hex: string }
/** Who says what; nothing = whatever the real peer there says. */
type Turns = readonly (readonly ['client' | 'server', Said?])[]

interface ScriptRow {
  readonly name: string
  readonly shows: string
  readonly port: number
  readonly turns: Turns
  /** TLS comes behind them. */
  readonly tls?: true
  readonly checks: Row['checks']
  readonly decodeAs?: readonly string[]
  /** Where the bytes are from. */
  readonly from: string
}

/** Both ends say what is written here: for what Debian has no peer that would. */
function scriptRow({ name, shows, port, turns, tls, checks, decodeAs = [], from }: ScriptRow): Row {
  return {
    name,
    shows,
    peers: 'two scripts of ours',
    how: `\`peers/turns.mjs\`: bytes after ${from}${tls ? ', then TLS' : ''}`,
    checks,
    decodeAs,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      const to = { host: SERVER_IP, port, turns }
      const keys = tls && { key: lab.pki('rsa.key'), cert: lab.pki('rsa.pem') }
      await lab.serve(lab.node('turns.mjs', { as: 'server', ...to, tls: keys }), /ready/)
      await lab.client(lab.node('turns.mjs', { as: 'client', ...to, tls }))
    },
  }
}

const RABBITMQ = 'RabbitMQ 3.10.8'

/** RabbitMQ with all it writes in the lab's folder. `extra` = lines of rabbitmq.conf. */
export async function serveRabbit(
  lab: Lab,
  extra: readonly string[] = [],
  plugins: readonly string[] = [],
): Promise<void> {
  const home = join(lab.temp, 'rabbit')
  const lines = [`listeners.tcp.1 = ${SERVER_IP}:5672`, 'log.console = true', ...extra]
  sh(`mkdir -p ${home} && chmod -R 777 "$(dirname ${lab.temp})" ${lab.temp}`)
  writeFileSync(join(home, 'rabbitmq.conf'), `${lines.join('\n')}\n`)
  writeFileSync(join(home, 'plugins'), `[${plugins.join(',')}].\n`)
  const env = {
    HOME: home,
    RABBITMQ_NODENAME: 'lab@localhost',
    RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'plugins'),
    RABBITMQ_MNESIA_BASE: home,
    RABBITMQ_LOG_BASE: home,
    RABBITMQ_LOGS: '-',
    RABBITMQ_PID_FILE: join(home, 'pid'),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  }
  await lab.serve(['/usr/lib/rabbitmq/bin/rabbitmq-server'], /Server startup complete/, {
    env,
    timeoutMs: 60_000,
  })
}

interface RabbitRow {
  readonly name: string
  readonly shows: string
  readonly rabbit?: readonly string[]
  readonly password?: string
  readonly checks: Row['checks']
}

/** amqp-publish sends one message to RabbitMQ. */
function rabbitRow({ name, shows, rabbit = [], password = 'not-a-secret', checks }: RabbitRow): Row {
  const conf = ['default_user = alice', 'default_pass = not-a-secret', ...rabbit]
  return {
    name,
    shows,
    peers: `amqp-publish 0.11.0, ${RABBITMQ}`,
    how: `\`amqp-publish -u amqp://alice:…@${SERVER_IP}\`, RabbitMQ with \`${conf.join('`, `')}\``,
    checks,
    maxSeconds: 90,
    record: async (lab) => {
      lab.wire('cable')
      await serveRabbit(lab, conf)
      await lab.capture({ filter: 'tcp port 5672' })
      const to = `amqp://alice:${password}@${SERVER_IP}`
      await lab.client(['amqp-publish', '-u', to, '-r', 'a-queue', '-b', 'hello'], { mayFail: true })
    },
  }
}

const PROTON: Row = {
  name: 'amqp10-anonymous.pcap',
  shows: 'AMQP 1.0 with SASL ANONYMOUS',
  peers: 'Qpid Proton 0.37 in Python, the same',
  how: '`peers/amqp10.py` with `allowed_mechs=ANONYMOUS`',
  checks: { 'amqp and frame contains 41:4d:51:50:03:01:00:00': 2, 'frame contains "ANONYMOUS"': 2 },
  record: async (lab) => {
    lab.wire('cable')
    await lab.capture()
    await lab.serve([PYTHON, peer('amqp10.py'), 'server', SERVER_IP, '5672'], /ready/)
    await lab.client([PYTHON, peer('amqp10.py'), 'client', SERVER_IP, '5672', 'ANONYMOUS'], { mayFail: true })
  },
}

const PROTON_PLAIN: Row = {
  name: 'amqp10-plain.pcap',
  shows: 'AMQP 1.0 with SASL PLAIN in the clear, accepted',
  peers: `Qpid Proton 0.37 in Python, ${RABBITMQ} with \`rabbitmq_amqp1_0\``,
  how: '`peers/amqp10.py` with `allowed_mechs=PLAIN`',
  checks: { 'frame contains "not-a-secret"': 1, 'frame contains 00:53:44:c0': 1 },
  maxSeconds: 90,
  record: async (lab) => {
    lab.wire('cable')
    await serveRabbit(lab, ['default_user = alice', 'default_pass = not-a-secret'], ['rabbitmq_amqp1_0'])
    await lab.capture({ filter: 'tcp port 5672' })
    await lab.client([PYTHON, peer('amqp10.py'), 'client', SERVER_IP, '5672', 'PLAIN'], { mayFail: true })
  },
}

/** AMQP 1.0 §5.2.1. */
const TLS_HEADER = { hex: '414d515002010000' }
const SASL_HEADER = { hex: '414d515003010000' }

const AMQP: readonly Row[] = [
  rabbitRow({
    name: 'amqp091-plain.pcap',
    shows: 'AMQP 0-9-1: SASL PLAIN in the clear, accepted',
    checks: {
      'amqp.method.method == 11 and amqp.method.arguments.mechanism == "PLAIN"': 1,
      'amqp.method.method == 30': 'some',
    },
  }),
  rabbitRow({
    name: 'amqp091-refused.pcap',
    shows: 'AMQP 0-9-1: a wrong password, refused with 403',
    password: 'not-a-secret-either',
    checks: { 'amqp.method.arguments.reply_code == 403': 1 },
  }),
  PROTON,
  PROTON_PLAIN,
  scriptRow({
    name: 'amqp10-tls.pcap',
    shows: "AMQP 1.0 whose TLS comes up by the protocol's own header",
    port: 5672,
    turns: [
      ['client', TLS_HEADER],
      ['server', TLS_HEADER],
    ],
    tls: true,
    checks: { 'frame contains 41:4d:51:50:02:01:00:00': 2, 'frame contains 16:03:01': 1 },
    from: 'AMQP 1.0 §5.2.1',
  }),
  scriptRow({
    name: 'amqp10-tls-refused.pcap',
    shows: 'AMQP 1.0: the client asks for TLS, the server answers that it has SASL only, and closes',
    port: 5672,
    turns: [
      ['client', TLS_HEADER],
      ['server', SASL_HEADER],
    ],
    checks: { 'frame contains 41:4d:51:50:02:01:00:00': 1, 'frame contains 41:4d:51:50:03:01:00:00': 1, tls: 0 },
    from: 'AMQP 1.0 §5.2.1, §2.2',
  }),
]

interface NatsRow {
  readonly name: string
  readonly shows: string
  readonly server: readonly string[]
  /** Options in the client's CONNECT. */
  readonly connect?: object
  readonly tls?: true
  readonly checks: Row['checks']
}

/** A script says CONNECT and PING to nats-server. */
function natsRow({ name, shows, server, connect = {}, tls, checks }: NatsRow): Row {
  const words = `CONNECT ${JSON.stringify({ verbose: true, pedantic: false, ...connect })}\r\nPING\r\n`
  return {
    name,
    shows,
    peers: 'a script of ours, nats-server 2.9.10',
    how: `\`nats-server ${server.join(' ')}\`; \`peers/turns.mjs\` with \`${words.split('\r')[0]}\``,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      const args = server.map((each) => (/[.](pem|key)$/.test(each) ? lab.pki(each) : each))
      await lab.serve(['nats-server', '-a', SERVER_IP, '-p', '4222', ...args], /Server is ready/)
      const turns: Turns = tls ? [['server']] : [['server'], ['client', words], ['server']]
      const to = { as: 'client', host: SERVER_IP, port: 4222, turns, tls, inside: words }
      await lab.client(lab.node('turns.mjs', to), { mayFail: true, timeoutMs: tls ? 3000 : 10_000 })
    },
  }
}

const NATS_LOGIN = { user: 'alice', pass: 'not-a-secret' }
const NATS_USER = ['--user', 'alice', '--pass', 'not-a-secret']
const NATS_TLS = ['--tls', '--tlscert', 'rsa.pem', '--tlskey', 'rsa.key']

const NATS: readonly NatsRow[] = [
  {
    name: 'nats-password.pcap',
    shows: 'NATS without TLS: name and password in the clear, accepted',
    server: NATS_USER,
    connect: NATS_LOGIN,
    checks: { 'frame contains "INFO {"': 1, 'frame contains "not-a-secret"': 1, 'frame contains "+OK"': 1 },
  },
  {
    name: 'nats-refused.pcap',
    shows: 'NATS with a wrong token, refused',
    server: ['--auth', 'not-a-secret'],
    connect: { auth_token: 'not-a-secret-either' },
    checks: { 'frame contains "auth_token"': 1, 'frame contains "Authorization Violation"': 1 },
  },
  {
    name: 'nats-tls.pcap',
    shows: 'NATS whose INFO requires TLS: the ClientHello comes behind it',
    server: [...NATS_USER, ...NATS_TLS],
    connect: NATS_LOGIN,
    tls: true,
    checks: { 'frame contains "tls_required"': 1, 'frame contains 16:03:01': 1, 'frame contains "not-a-secret"': 0 },
  },
  {
    name: 'nats-tls-skipped.pcap',
    shows: 'NATS whose INFO requires TLS: the client logs in without it all the same',
    server: [...NATS_USER, ...NATS_TLS],
    connect: NATS_LOGIN,
    checks: { 'frame contains "tls_required"': 1, 'frame contains "not-a-secret"': 1 },
  },
]

function stompRow(name: string, shows: string, password: string, answer: string): Row {
  const words = `CONNECT\naccept-version:1.1,1.2\nhost:/\nlogin:alice\npasscode:${password}\n\n\0`
  return {
    name,
    shows,
    peers: `a script of ours, ${RABBITMQ} with \`rabbitmq_stomp\``,
    how: '`peers/turns.mjs` with CONNECT after STOMP 1.2',
    checks: { 'frame contains "passcode:"': 1, [`frame contains "${answer}"`]: 1 },
    maxSeconds: 90,
    record: async (lab) => {
      lab.wire('cable')
      const conf = ['default_user = alice', 'default_pass = not-a-secret', `stomp.listeners.tcp.1 = ${SERVER_IP}:61613`]
      await serveRabbit(lab, conf, ['rabbitmq_stomp'])
      await lab.capture({ filter: 'tcp port 61613' })
      const turns: Turns = [['client', words], ['server']]
      await lab.client(lab.node('turns.mjs', { as: 'client', host: SERVER_IP, port: 61613, turns }))
    },
  }
}

const STOMP: readonly Row[] = [
  stompRow('stomp-password.pcap', 'STOMP 1.2: name and password in the clear, accepted', 'not-a-secret', 'CONNECTED'),
  stompRow('stomp-refused.pcap', 'STOMP with a wrong password, refused', 'not-a-secret-either', 'ERROR'),
]

function zmtpRow(mechanism: string, shows: string, checks: Row['checks']): Row {
  return {
    name: `zmtp-${mechanism}.pcap`,
    shows,
    peers: 'libzmq 4.3.4 by pyzmq, the same',
    how: `\`peers/zmtp.py ${mechanism}\`: REQ and REP`,
    checks: { [`frame contains "${mechanism.split('-')[0]?.toUpperCase()}"`]: 2, ...checks },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await lab.serve([PYTHON, peer('zmtp.py'), 'server', SERVER_IP, mechanism], /ready/)
      await lab.client([PYTHON, peer('zmtp.py'), 'client', SERVER_IP, mechanism], { mayFail: true })
    },
  }
}

const ZMTP: readonly Row[] = [
  zmtpRow('null', 'ZeroMQ without security: request and answer in the clear', { 'frame contains "READY"': 2 }),
  zmtpRow('plain', 'ZeroMQ with PLAIN: name and password in the clear, accepted', {
    'frame contains "not-a-secret"': 1,
  }),
  zmtpRow('plain-refused', 'ZeroMQ with PLAIN and a wrong password, refused', { 'frame contains "^RROR"': 1 }),
  zmtpRow('curve', 'ZeroMQ with CURVE: encrypted with keys of both ends', {
    'frame contains "HELLO"': 1,
    'frame contains "WELCOME"': 1,
    'frame contains "hello"': 0,
  }),
]

function kafkaRow(name: string, shows: string, sasl: readonly string[], password: string, checks: Row['checks']): Row {
  return {
    name,
    shows,
    peers: 'kcat 1.7.1 (librdkafka 2.0.2), a broker of ours',
    how: `\`${['kcat -L', ...sasl.map((one) => `-X ${one}`)].join(' ')}\`; \`peers/kafka-broker.mjs\` answers what a login takes`,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await lab.serve(lab.node('kafka-broker.mjs', { host: SERVER_IP, port: 9092, password: 'not-a-secret' }), /ready/)
      const login = sasl.length > 0 ? ['sasl.username=alice', `sasl.password=${password}`] : []
      const options = [...sasl, ...login, 'client.id=a-client'].flatMap((one) => ['-X', one])
      await lab.client(['kcat', '-L', '-m', '1', '-b', `${SERVER_IP}:9092`, ...options], {
        mayFail: true,
        timeoutMs: 2000,
      })
    },
  }
}

const KAFKA_PLAIN = ['security.protocol=SASL_PLAINTEXT', 'sasl.mechanism=PLAIN']
const KAFKA_SCRAM = ['security.protocol=SASL_PLAINTEXT', 'sasl.mechanism=SCRAM-SHA-256']

const KAFKA: readonly Row[] = [
  kafkaRow('kafka-plaintext.pcap', 'Kafka without a login: the first request behind ApiVersions', [], '', {
    'kafka.api_key == 18': 'some',
    'kafka.api_key == 3': 'some',
    'kafka.api_key == 17': 0,
  }),
  kafkaRow('kafka-plain.pcap', 'Kafka: SASL PLAIN in the clear, accepted', KAFKA_PLAIN, 'not-a-secret', {
    'kafka.sasl_mechanism == "PLAIN" and kafka.api_key == 17': 'some',
    'frame contains "not-a-secret"': 'some',
  }),
  kafkaRow(
    'kafka-plain-refused.pcap',
    'Kafka: SASL PLAIN with a wrong password, refused',
    KAFKA_PLAIN,
    'not-a-secret-either',
    {
      'kafka.sasl_mechanism == "PLAIN" and kafka.api_key == 17': 'some',
      'kafka.error == 58': 'some',
    },
  ),
  kafkaRow('kafka-scram-refused.pcap', 'Kafka: SCRAM-SHA-256, refused', KAFKA_SCRAM, 'not-a-secret', {
    'frame contains "SCRAM-SHA-256"': 'some',
    'frame contains "not-a-secret"': 0,
  }),
]

const COAP: readonly Row[] = [
  {
    name: 'coap.pcap',
    shows: 'CoAP over UDP in the clear: a GET and its answer',
    peers: 'coap-client of libcoap 4.3.1, coap-server of the same',
    how: '`coap-server-notls`, `coap-client-notls -m get coap://…/time`',
    checks: { 'coap.code == 1': 'some', 'coap.code == 69': 'some' },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await lab.serve(['sh', '-c', `echo ready; exec coap-server-notls -A ${SERVER_IP}`], /ready/)
      await lab.client(['sleep', '0.5'])
      await lab.client(['coap-client-notls', '-m', 'get', '-B', '3', `coap://${SERVER_IP}/time`])
    },
  },
]

function thriftRow(protocol: 'binary' | 'compact', shows: string, checks: Row['checks']): Row {
  return {
    name: `thrift-${protocol}.pcap`,
    shows,
    peers: 'Apache Thrift 0.17 in Python, the same',
    how: `\`peers/thrift-peer.py ${protocol}\`: one call`,
    checks,
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture()
      await lab.serve([PYTHON, peer('thrift-peer.py'), 'server', SERVER_IP, '9090', protocol], /ready/)
      await lab.client([PYTHON, peer('thrift-peer.py'), 'client', SERVER_IP, '9090', protocol])
    },
  }
}

const THRIFT: readonly Row[] = [
  thriftRow('binary', 'Thrift, binary protocol: a call and its reply', { 'thrift.method == "echo"': 2 }),
  thriftRow('compact', 'Thrift, compact protocol in frames', { 'frame contains "echo"': 2 }),
]

export const BROKERS: readonly Row[] = [
  ...MQTT.map(mqttRow),
  BRIDGE,
  ...AMQP,
  ...NATS.map(natsRow),
  ...STOMP,
  ...KAFKA,
  ...ZMTP,
  ...COAP,
  ...THRIFT,
]
