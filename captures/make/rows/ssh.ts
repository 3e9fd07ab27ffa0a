import { type Lab, SERVER_IP } from '../lab.ts'
import { sh } from '../process.ts'
import type { Row } from '../row.ts'

const OPENSSH = 'OpenSSH 9.2p1'
const DROPBEAR = 'Dropbear 2022.83'
const PLINK = 'plink 0.78'

const KEXINITS = { 'ssh.message_code == 20': 2, 'ssh.message_code == 21': 2 }

interface SshRow {
  readonly name: string
  readonly shows: string
  /** Lines of sshd_config beside the host key's. */
  readonly sshd?: readonly string[]
  readonly hostKey?: string
  readonly client?: readonly string[]
  readonly checks?: Row['checks']
  readonly mayFail?: true
}

/** ssh runs `true` on sshd, logged in by a key of this recording. */
function opensshRow({ name, shows, sshd = [], hostKey = 'ed25519', client = [], checks = {}, mayFail }: SshRow): Row {
  const options = client.map((option) => `-o ${option}`)
  return {
    name,
    shows,
    peers: `${OPENSSH}, ${OPENSSH}`,
    how: `\`sshd\` with a host key of ${hostKey}${sshd.length > 0 ? ` and \`${sshd.join('`, `')}\`` : ''}, \`${['ssh', ...options].join(' ')}\``,
    checks: mayFail ? checks : { ...KEXINITS, ...checks },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'tcp port 22' })
      await serveOpenssh(lab, hostKey, sshd)
      await lab.client(
        ['ssh', ...LOGIN(lab), ...options.flatMap((each) => each.split(' ')), `root@${SERVER_IP}`, 'true'],
        {
          mayFail: mayFail ?? false,
        },
      )
    },
  }
}

const LOGIN = (lab: Lab): string[] => [
  '-F',
  'none',
  '-i',
  `${lab.temp}/user`,
  '-o',
  'BatchMode=yes',
  '-o',
  'StrictHostKeyChecking=no',
  '-o',
  'UserKnownHostsFile=/dev/null',
]

/** A key as `ssh-keygen -t` makes it: "rsa -b 1024". */
function makeKeys(lab: Lab, hostKey: string): void {
  sh(`ssh-keygen -q -N '' -C '' -t ${hostKey} -f ${lab.temp}/host
      ssh-keygen -q -N '' -C '' -t ed25519 -f ${lab.temp}/user
      cp ${lab.temp}/user.pub ${lab.temp}/authorized_keys
      chmod 700 ${lab.temp} && chmod 600 ${lab.temp}/authorized_keys`)
}

async function serveOpenssh(lab: Lab, hostKey: string, sshd: readonly string[]): Promise<void> {
  makeKeys(lab, hostKey)
  sh('mkdir -p /run/sshd')
  const lines = [
    `HostKey ${lab.temp}/host`,
    `AuthorizedKeysFile ${lab.temp}/authorized_keys`,
    'StrictModes no',
    'PidFile none',
    'PermitRootLogin yes',
    'UsePAM no',
    ...sshd,
  ]
  const options = lines.flatMap((line) => ['-o', line])
  await lab.serve(
    ['/usr/sbin/sshd', '-D', '-e', '-f', '/dev/null', '-o', `ListenAddress ${SERVER_IP}`, ...options],
    /listening/,
  )
}

const OPENSSH_ROWS: readonly SshRow[] = [
  {
    name: 'ssh-openssh.pcap',
    shows: 'SSH of today: sntrup761x25519-sha512 (hybrid, post-quantum), chacha20-poly1305, strict key exchange',
    checks: { 'ssh.kex_algorithms contains "kex-strict-c-v00@openssh.com"': 1 },
  },
  {
    name: 'ssh-aes256-gcm-curve25519.pcap',
    shows: 'SSH with curve25519-sha256 and aes256-gcm: no MAC of its own',
    client: ['KexAlgorithms=curve25519-sha256', 'Ciphers=aes256-gcm@openssh.com'],
  },
  {
    name: 'ssh-weak.pcap',
    shows: 'SSH with diffie-hellman-group1-sha1, 3des-cbc, hmac-md5 and an ssh-rsa signature by a key of 1024 bits',
    hostKey: 'rsa -b 1024',
    sshd: [
      'KexAlgorithms +diffie-hellman-group1-sha1',
      'Ciphers +3des-cbc',
      'MACs +hmac-md5',
      'HostKeyAlgorithms +ssh-rsa',
      'RequiredRSASize 1024',
    ],
    client: [
      'KexAlgorithms=diffie-hellman-group1-sha1',
      'Ciphers=3des-cbc',
      'MACs=hmac-md5',
      'HostKeyAlgorithms=ssh-rsa',
      'RequiredRSASize=1024',
    ],
  },
  {
    name: 'ssh-group-exchange.pcap',
    shows: 'SSH with a group exchange: the prime of 7680 bits comes in a message, the host key in the one behind it',
    hostKey: 'rsa -b 2048',
    sshd: ['KexAlgorithms +diffie-hellman-group-exchange-sha1', 'Ciphers +aes128-cbc'],
    client: [
      'KexAlgorithms=diffie-hellman-group-exchange-sha1',
      'Ciphers=aes128-cbc',
      'MACs=hmac-sha1-etm@openssh.com',
    ],
    checks: { 'ssh.message_code == 34': 1, 'ssh.message_code == 33': 1 },
  },
  {
    name: 'ssh-dss-host-key.pcap',
    shows: 'SSH with a DSA host key of 1024 bits and diffie-hellman-group14-sha1',
    hostKey: 'dsa',
    sshd: ['HostKeyAlgorithms +ssh-dss', 'KexAlgorithms +diffie-hellman-group14-sha1'],
    client: [
      'HostKeyAlgorithms=ssh-dss',
      'KexAlgorithms=diffie-hellman-group14-sha1',
      'MACs=hmac-sha1',
      'Ciphers=aes128-ctr',
    ],
  },
  {
    name: 'ssh-nothing-in-common.pcap',
    shows: 'an SSH client that offers no cipher its server knows: both offers, and a refusal',
    client: ['Ciphers=aes128-cbc'],
    checks: { 'ssh.message_code == 20': 2, 'ssh.message_code == 21': 0 },
    mayFail: true,
  },
]

async function serveDropbear(lab: Lab): Promise<void> {
  makeKeys(lab, 'ed25519')
  sh(`dropbearkey -t rsa -s 2048 -f ${lab.temp}/dropbear >/dev/null`)
  await lab.serve(
    ['dropbear', '-F', '-E', '-r', `${lab.temp}/dropbear`, '-p', `${SERVER_IP}:22`, '-P', `${lab.temp}/pid`],
    /Not backgrounding/,
  )
}

const OTHERS: readonly Row[] = [
  {
    name: 'ssh-dropbear.pcap',
    shows: 'SSH between two Dropbears, each of which sends its key exchange on a guess; the login is refused',
    peers: `dbclient of ${DROPBEAR}, ${DROPBEAR}`,
    how: '`dropbear -r dropbear`, `dbclient -y`',
    checks: { ...KEXINITS, 'ssh.first_kex_packet_follows == 1': 1 },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'tcp port 22' })
      await serveDropbear(lab)
      await lab.client(['dbclient', '-y', '-y', `nobody@${SERVER_IP}`, 'true'], {
        mayFail: true,
        env: { HOME: lab.temp },
      })
    },
  },
  {
    name: 'ssh-plink.pcap',
    shows: "SSH of PuTTY's family, which refuses the host key it does not know: only the server takes the keys",
    peers: `${PLINK}, ${DROPBEAR}`,
    how: '`dropbear -r dropbear`, `plink -batch`',
    checks: { 'ssh.message_code == 20': 2, 'ssh.protocol contains "PuTTY"': 1 },
    record: async (lab) => {
      lab.wire('cable')
      await lab.capture({ filter: 'tcp port 22' })
      await serveDropbear(lab)
      await lab.client(['plink', '-batch', '-ssh', `nobody@${SERVER_IP}`, 'true'], {
        mayFail: true,
        env: { HOME: lab.temp },
      })
    },
  },
]

const VERSION_1: Row = {
  name: 'ssh1-blowfish.pcap',
  shows: 'SSH version 1: the keys of server and host (1024 bits) in the clear, and the client that takes Blowfish',
  peers: 'OpenSSH 7.5p1 of Debian’s openssh-client-ssh1, a script of ours',
  how: '`ssh1 -1 -c blowfish` to `peers/ssh1-server.mjs`, which ends in noise behind the keys',
  checks: { 'frame contains "SSH-1.5-"': 2, 'tcp.srcport == 22 and tcp.len > 200': 'some' },
  record: async (lab) => {
    lab.wire('cable')
    await lab.capture({ filter: 'tcp port 22' })
    await lab.serve(lab.node('ssh1-server.mjs', { host: SERVER_IP, port: 22, keyBits: [896, 1024] }), /ready/)
    const options = ['-1', '-c', 'blowfish', '-F', 'none', '-o', 'StrictHostKeyChecking=no', '-o', 'BatchMode=yes']
    const known = ['-o', 'UserKnownHostsFile=/dev/null']
    await lab.client(['ssh1', ...options, ...known, `nobody@${SERVER_IP}`, 'true'], { mayFail: true, timeoutMs: 6000 })
  },
}

export const SSH: readonly Row[] = [...OPENSSH_ROWS.map(opensshRow), ...OTHERS, VERSION_1]
