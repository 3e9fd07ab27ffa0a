import { amqp } from './amqp.ts'
import { bgp } from './bgp.ts'
import { cassandra } from './cassandra.ts'
import { cldap } from './cldap.ts'
import { clickhouse } from './clickhouse.ts'
import { coap } from './coap.ts'
import { dhcp, dhcpv6 } from './dhcp.ts'
import { diameter } from './diameter.ts'
import type { DatagramDissector, Dissector } from './dissector.ts'
import { dns, dnsOverTcp, llmnr, mdns } from './dns.ts'
import { drda } from './drda.ts'
import { dtls } from './dtls.ts'
import { elasticsearch } from './elasticsearch.ts'
import { esp } from './esp.ts'
import { ipfix, netflow, sflow } from './flow-export.ts'
import { ftp } from './ftp.ts'
import { ftpData } from './ftp-data.ts'
import { gtp } from './gtp.ts'
import { http } from './http.ts'
import { http2 } from './http2.ts'
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
import { mongodb } from './mongodb.ts'
import { mqtt } from './mqtt.ts'
import { mysql } from './mysql.ts'
import { nats } from './nats.ts'
import { netbios } from './netbios.ts'
import { nntp } from './nntp.ts'
import { ntp } from './ntp.ts'
import { openvpn } from './openvpn.ts'
import { openvpnUdp } from './openvpn-udp.ts'
import { pop3 } from './pop3.ts'
import { postgresql } from './postgresql.ts'
import { pptp } from './pptp.ts'
import { proxyProtocol } from './proxy-protocol.ts'
import { quic } from './quic.ts'
import { radius } from './radius.ts'
import { redis } from './redis.ts'
import { ospf, rip, vrrp } from './routing.ts'
import { rtcp, rtp } from './rtp.ts'
import { rtsp } from './rtsp.ts'
import { sip, sipOverTcp } from './sip.ts'
import { lmtp, smtp } from './smtp.ts'
import { snmp } from './snmp.ts'
import { ssdp } from './ssdp.ts'
import { ssh } from './ssh.ts'
import { stomp } from './stomp.ts'
import { stun, stunOverTcp } from './stun.ts'
import { syslog, syslogOverTcp } from './syslog.ts'
import { tacacs } from './tacacs.ts'
import { tds } from './tds.ts'
import { tftp } from './tftp.ts'
import { thrift } from './thrift.ts'
import { tls } from './tls.ts'
import { tns } from './tns.ts'
import { wireguard } from './wireguard.ts'
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
  stomp,
  zmtp,
  bgp,
  diameter,
  dnsOverTcp,
  graphite,
  kerberosOverTcp,
  rtsp,
  sipOverTcp,
  stunOverTcp,
  syslogOverTcp,
  tacacs,
  kafka,
  thrift,
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
  esp,
  cldap,
  memcachedUdp,
  dns,
  mdns,
  llmnr,
  netbios,
  collectd,
  dhcp,
  dhcpv6,
  gtp,
  ipfix,
  kerberos,
  netflow,
  ntp,
  ospf,
  radius,
  rip,
  rtcp,
  sflow,
  sip,
  snmp,
  ssdp,
  statsd,
  stun,
  syslog,
  tftp,
  vrrp,
  rtp,
  coap,
]

/** What may begin in the middle of another protocol, after an upgrade we do not know by name. */
export const IN_BAND_DISSECTOR: Dissector = tls
