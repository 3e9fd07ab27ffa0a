import { ads, adsRouter } from './ads.ts'
import { amqp } from './amqp.ts'
import { bacnet } from './bacnet.ts'
import { bgp } from './bgp.ts'
import { bittorrent, bittorrentDatagrams } from './bittorrent.ts'
import { cassandra } from './cassandra.ts'
import { cldap } from './cldap.ts'
import { clickhouse } from './clickhouse.ts'
import { coap } from './coap.ts'
import { dcerpc, dcerpcDatagrams, profinet } from './dcerpc.ts'
import { dhcp, dhcpv6 } from './dhcp.ts'
import { diameter } from './diameter.ts'
import type { DatagramDissector, Dissector } from './dissector.ts'
import { dnp3, dnp3Datagrams } from './dnp3.ts'
import { dns, dnsOverTcp, llmnr, mdns } from './dns.ts'
import { doip, doipOverTcp } from './doip.ts'
import { drda } from './drda.ts'
import { dtls } from './dtls.ts'
import { eigrp } from './eigrp.ts'
import { elasticsearch } from './elasticsearch.ts'
import { enip, enipDatagrams } from './enip.ts'
import { esp } from './esp.ts'
import { fix } from './fix.ts'
import { ipfix, netflow, sflow } from './flow-export.ts'
import { ftp } from './ftp.ts'
import { ftpData } from './ftp-data.ts'
import { git } from './git.ts'
import { gtp } from './gtp.ts'
import { hartIp, hartIpDatagrams } from './hart-ip.ts'
import { http } from './http.ts'
import { http2 } from './http2.ts'
import { icap } from './icap.ts'
import { iec104 } from './iec104.ts'
import { ike } from './ike.ts'
import { imap } from './imap.ts'
import { irc } from './irc.ts'
import { kafka } from './kafka.ts'
import { kerberos, kerberosOverTcp } from './kerberos.ts'
import { l2tp } from './l2tp.ts'
import { ldap } from './ldap.ts'
import { managesieve } from './managesieve.ts'
import { memcached } from './memcached.ts'
import { memcachedUdp } from './memcached-udp.ts'
import { collectd, graphite, statsd } from './metrics.ts'
import { mms } from './mms.ts'
import { modbus } from './modbus.ts'
import { mongodb } from './mongodb.ts'
import { mqtt } from './mqtt.ts'
import { mysql } from './mysql.ts'
import { nats } from './nats.ts'
import { nbd } from './nbd.ts'
import { netbios } from './netbios.ts'
import { nntp } from './nntp.ts'
import { ntp } from './ntp.ts'
import { opcua } from './opcua.ts'
import { openflow } from './openflow.ts'
import { openvpn } from './openvpn.ts'
import { openvpnUdp } from './openvpn-udp.ts'
import { openwire } from './openwire.ts'
import { pfcp } from './pfcp.ts'
import { pim } from './pim.ts'
import { pop3 } from './pop3.ts'
import { postgresql } from './postgresql.ts'
import { ppp } from './ppp.ts'
import { pptp } from './pptp.ts'
import { proxyProtocol } from './proxy-protocol.ts'
import { quic } from './quic.ts'
import { radius, radiusOverTcp } from './radius.ts'
import { rdp } from './rdp.ts'
import { redis } from './redis.ts'
import { rlogin, rsh } from './rlogin.ts'
import { ospf, rip, vrrp } from './routing.ts'
import { rpcap } from './rpcap.ts'
import { rsync } from './rsync.ts'
import { rtcp, rtp } from './rtp.ts'
import { rtsp } from './rtsp.ts'
import { s7comm } from './s7comm.ts'
import { diameterOverSctp, ngap, s1ap, sigtran } from './sctp.ts'
import { sip, sipOverTcp } from './sip.ts'
import { smb } from './smb.ts'
import { lmtp, smtp } from './smtp.ts'
import { snmp } from './snmp.ts'
import { socks } from './socks.ts'
import { ssdp } from './ssdp.ts'
import { ssh } from './ssh.ts'
import { stomp } from './stomp.ts'
import { stun, stunOverTcp } from './stun.ts'
import { sunrpc, sunrpcDatagrams } from './sunrpc.ts'
import { svn } from './svn.ts'
import { synchrophasor, synchrophasorOverTcp } from './synchrophasor.ts'
import { syslog, syslogOverTcp } from './syslog.ts'
import { tacacs } from './tacacs.ts'
import { tds } from './tds.ts'
import { telnet } from './telnet.ts'
import { tftp } from './tftp.ts'
import { thrift } from './thrift.ts'
import { tls } from './tls.ts'
import { tns } from './tns.ts'
import { vnc } from './vnc.ts'
import { wireguard } from './wireguard.ts'
import { x11 } from './x11.ts'
import { xmpp } from './xmpp.ts'
import { zmtp } from './zmtp.ts'
import { zookeeper } from './zookeeper.ts'

/** THE TABLE of dissectors over TCP, most specific opening first. Adding a protocol is a file and a row here. */
export const TCP_DISSECTORS: readonly Dissector[] = [
  tls,
  http,
  http2,
  proxyProtocol,
  openvpn,
  ssh,
  pptp,
  ftp,
  imap,
  irc,
  ldap,
  lmtp,
  managesieve,
  nntp,
  pop3,
  smtp,
  xmpp,
  mysql,
  postgresql,
  tds,
  cassandra,
  clickhouse,
  drda,
  elasticsearch,
  memcached,
  mongodb,
  redis,
  tns,
  zookeeper,
  mqtt,
  amqp,
  nats,
  openwire,
  stomp,
  zmtp,
  ads,
  bgp,
  diameter,
  dnsOverTcp,
  doipOverTcp,
  graphite,
  kerberosOverTcp,
  openflow,
  radiusOverTcp,
  rpcap,
  rtsp,
  sipOverTcp,
  stunOverTcp,
  synchrophasorOverTcp,
  syslogOverTcp,
  tacacs,
  kafka,
  thrift,
  bittorrent,
  dcerpc,
  dnp3,
  enip,
  fix,
  git,
  hartIp,
  icap,
  iec104,
  modbus,
  nbd,
  opcua,
  rdp,
  rlogin,
  rsh,
  rsync,
  s7comm,
  smb,
  socks,
  sunrpc,
  svn,
  telnet,
  vnc,
  x11,
  mms,
]

/** Read only where another connection announced them: what they carry looks like anything. */
export const ANNOUNCED_DISSECTORS: readonly Dissector[] = [ftpData]

/** THE TABLE of dissectors of datagrams, most specific first. */
export const DATAGRAM_DISSECTORS: readonly DatagramDissector[] = [
  dtls,
  quic,
  ike,
  wireguard,
  openvpnUdp,
  l2tp,
  ppp,
  esp,
  cldap,
  memcachedUdp,
  dns,
  mdns,
  llmnr,
  netbios,
  adsRouter,
  collectd,
  diameterOverSctp,
  dhcp,
  dhcpv6,
  doip,
  eigrp,
  gtp,
  ipfix,
  kerberos,
  netflow,
  ngap,
  ntp,
  ospf,
  pfcp,
  pim,
  radius,
  rip,
  rtcp,
  s1ap,
  sflow,
  sigtran,
  sip,
  snmp,
  ssdp,
  statsd,
  stun,
  synchrophasor,
  syslog,
  tftp,
  vrrp,
  coap,
  bacnet,
  bittorrentDatagrams,
  dcerpcDatagrams,
  dnp3Datagrams,
  enipDatagrams,
  hartIpDatagrams,
  profinet,
  sunrpcDatagrams,
  rtp,
]

/** What may begin in the middle of another protocol, after an upgrade we do not know by name. */
export const IN_BAND_DISSECTOR: Dissector = tls
