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

async function serveMosquitto(lab: Lab, lines: readonly string[], at: 'client' | 'server' = 'server'): Promise<void> {
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

export const BROKERS: readonly Row[] = [...MQTT.map(mqttRow), BRIDGE]
