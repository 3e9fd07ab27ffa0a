/**
 * What other tools call a protocol, in our field names. Several names mean that the tool does not tell them apart.
 * A name that is in no table has no counterpart among ours: layers below (tcp, vxlan), parts of a protocol (ntlm, gssapi),
 * applications that nDPI knows by their servers (Spotify), protocols nobody asked for (bgp, bitcoin).
 */

const wordsOf = (text) => text.trim().split(/\s+/)

/** Names that a tool writes as we do. */
const asOurs = (text) => Object.fromEntries(wordsOf(text).map((name) => [name, name]))

/** Names that a tool writes in capitals. */
const inCapitals = (text) => Object.fromEntries(wordsOf(text).map((name) => [name.toUpperCase(), name]))

/** Over UDP, as clients of Active Directory look for a domain controller, LDAP has a name of its own. */
const LDAP = ['ldap', 'cldap']

export const NAMES = {
  /** nDPI joins master and sub-protocol by a point, each is looked up: TLS.Zoom is tls. */
  ndpi: {
    ...inCapitals(`
      ajp dcerpc dhcp dhcpv6 dns dtls fix gtp http http2 imap irc llmnr mdns mqtt nfs ntp pop3 quic radius
      rdp rsync rtcp rtp rtsp sip smtp snmp socks ssdp ssh stomp stun tftp tls vnc x11
    `),
    BACnet: 'bacnet',
    BitTorrent: 'bittorrent',
    Cassandra: 'cassandra',
    EthernetIP: 'enip',
    FTP_CONTROL: 'ftp',
    FTP_DATA: 'ftp-data',
    IEC60870: 'iec104',
    IMAPS: 'tls',
    IPSec: ['ike', 'esp', 'ah'],
    Kafka: 'kafka',
    Kerberos: 'kerberos',
    LDAP,
    LDAPS: 'tls',
    Memcached: 'memcached',
    Modbus: 'modbus',
    MongoDB: 'mongodb',
    MsSQL_TDS: 'tds',
    MySQL: 'mysql',
    NetBIOS: 'netbios',
    OpenVPN: 'openvpn',
    Oracle: 'tns',
    POPS: 'tls',
    PostgreSQL: 'postgresql',
    PROFINET_IO: 'profinet',
    Redis: 'redis',
    RPC: 'sunrpc',
    S7Comm: 's7comm',
    S7CommPlus: 's7comm',
    SMBv1: 'smb',
    SMBv23: 'smb',
    SMTPS: 'tls',
    // A call begins with STUN on the same ports (RFC 8445 §2), and whether its RTP is encrypted nDPI tells by the application.
    SRTP: ['srtp', 'rtp', 'stun'],
    Syslog: 'syslog',
    Telnet: 'telnet',
    Thrift: 'thrift',
    Usenet: 'nntp',
    WebSocket: 'websocket',
    WireGuard: 'wireguard',
  },
  /** The service column of conn.log, and the names of the other logs that hold one protocol each. */
  zeek: {
    ...asOurs(`
      dhcp ftp ftp-data irc modbus mqtt mysql ntp pop3 postgresql quic radius rdp redis sip smb smtp snmp
      socks ssh syslog websocket
    `),
    dce_rpc: ['dcerpc', 'smb'],
    dnp3_tcp: 'dnp3',
    dnp3_udp: 'dnp3',
    dns: ['dns', 'mdns', 'llmnr', 'netbios'],
    // Named by its TLS that encrypts nothing.
    'gridftp-data': ['tls', 'ftp-data'],
    http: ['http', 'websocket'],
    krb: 'kerberos',
    krb_tcp: 'kerberos',
    ldap: LDAP,
    ldap_search: LDAP,
    ldap_tcp: 'ldap',
    ldap_udp: 'cldap',
    mqtt_connect: 'mqtt',
    mqtt_publish: 'mqtt',
    mqtt_subscribe: 'mqtt',
    rfb: 'vnc',
    smb_mapping: 'smb',
    ssl: ['tls', 'dtls'],
  },
  /** Every layer that Arkime's parsers claimed, in one list. */
  arkime: {
    ...asOurs(`
      bacnet bittorrent dcerpc dhcp dhcpv6 diameter dnp3 dns dtls enip esp ftp http http2 imap ipfix irc
      llmnr mdns modbus mqtt mysql netflow ntp opcua openvpn pop3 postgresql quic radius rdp s7comm sflow sip smb
      smtp snmp socks ssh stun syslog tds telnet tftp tls websocket
    `),
    cip: 'enip',
    isakmp: 'ike',
    krb5: 'kerberos',
    ldap: LDAP,
    lsarpc: 'dcerpc',
    mongo: 'mongodb',
    nbns: 'netbios',
    oracle: 'tns',
    's7comm-plus': 's7comm',
  },
  /** app_proto and the event types that are named for a protocol (netflow is not: it is Suricata's own flow log). */
  suricata: {
    ...asOurs(`
      dhcp dnp3 enip ftp ftp-data http2 ike imap llmnr mdns modbus mqtt ntp pop3 quic rdp sip smtp snmp ssh
      telnet tftp tls
    `),
    dcerpc: ['dcerpc', 'smb'],
    dns: ['dns', 'mdns'],
    // DNS by HTTP/2 (RFC 8484) is both.
    doh2: ['dns', 'http2', 'http'],
    ftp_data: ['ftp', 'ftp-data'],
    http: ['http', 'http2', 'websocket'],
    krb5: 'kerberos',
    ldap: LDAP,
    nfs: ['nfs', 'sunrpc'],
    pgsql: 'postgresql',
    rfb: 'vnc',
    smb: ['smb', 'netbios'],
    websocket: ['websocket', 'http'],
  },
  /** tshark's protocol layers. It also dissects by port, so that it only decides between the others. */
  tshark: {
    ...asOurs(`
      amqp bacnet bittorrent dcerpc dhcp dhcpv6 diameter dnp3 dns dtls enip esp fix ftp ftp-data gtp http http2
      imap irc kafka kerberos l2tp llmnr mdns modbus mqtt mysql ntp opcua openvpn pptp quic radius rdp rlogin
      rsh rsync rtcp rtp rtsp s7comm sflow sip smb smtp snmp socks srtp ssdp ssh stomp stun syslog tacacs tds
      telnet tftp thrift tls tns vnc websocket x11 xmpp zookeeper
    `),
    ajp13: 'ajp',
    bacapp: 'bacnet',
    'bt-dht': 'bittorrent',
    'bt-utp': 'bittorrent',
    cflow: ['netflow', 'ipfix'],
    cldap: 'cldap',
    classicstun: 'stun',
    cql: 'cassandra',
    gquic: 'quic',
    gtpv2: 'gtp',
    iec60870_104: 'iec104',
    isakmp: 'ike',
    ldap: LDAP,
    mbtcp: 'modbus',
    memcache: 'memcached',
    mongo: 'mongodb',
    mount: ['sunrpc', 'nfs'],
    nbdgm: 'netbios',
    nbns: 'netbios',
    nbss: ['smb', 'netbios'],
    nfs: ['nfs', 'sunrpc'],
    pgsql: 'postgresql',
    pop: 'pop3',
    portmap: 'sunrpc',
    resp: 'redis',
    rpc: ['sunrpc', 'nfs'],
    smb2: 'smb',
    tacplus: 'tacacs',
    wg: 'wireguard',
  },
}

/** A flow over one transport cannot be what runs over another: Zeek's ssl is tls over TCP and dtls over UDP. */
export const ONLY_TCP = new Set(['tls', 'ftp', 'ftp-data', 'http', 'http2', 'websocket', 'ssh', 'smtp', 'imap', 'pop3'])
export const ONLY_UDP = new Set(['dtls', 'quic', 'mdns', 'llmnr', 'dhcp', 'dhcpv6', 'ntp', 'tftp', 'ssdp', 'wireguard'])

/**
 * What is named after the protocol that it carries: smtp with STARTTLS is smtp, what began as HTTP is websocket. Among
 * themselves any is right: HTTP/2 inside TLS is known by its ALPN alone, HTTP opens a tunnel for TLS or becomes HTTP/2.
 */
export const CARRIERS = ['http2', 'http', 'tls']

/** Protocols that protect nothing by themselves and have no upgrade that does: a flow of one is never strong. */
export const CLEAR = new Set(
  wordsOf(`
    bacnet bittorrent dhcp dhcpv6 dnp3 dns enip ftp-data http iec104 ipfix llmnr mdns memcached modbus netbios netflow ntp
    redis rlogin rsh rtcp rtp rtsp sflow sip ssdp statsd stomp stun sunrpc syslog telnet tftp thrift websocket x11
  `),
)
