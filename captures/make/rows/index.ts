import type { Row } from '../row.ts'
import { ACCESS } from './access.ts'
import { APIS } from './apis.ts'
import { BROKERS } from './brokers.ts'
import { CACHES } from './caches.ts'
import { CONTROL } from './control.ts'
import { CUTS } from './cuts.ts'
import { DATABASES } from './databases.ts'
import { DATABASES_SQL } from './databases-sql.ts'
import { DNS_SECURE, RADIUS_SECURE } from './dns-secure.ts'
import { DTLS } from './dtls.ts'
import { DTLS_CID } from './dtls-cid.ts'
import { ENCRYPTION_WAYS } from './encryption-ways.ts'
import { FAILURES } from './failures.ts'
import { HIDING } from './hiding.ts'
import { LEGACY } from './legacy.ts'
import { MAIL } from './mail.ts'
import { MEDIA } from './media.ts'
import { MPPE } from './mppe.ts'
import { NETWORK } from './network.ts'
import { ODD } from './odd.ts'
import { OVERLAYS } from './overlays.ts'
import { PEERS } from './peers.ts'
import { PLAINTEXT } from './plaintext.ts'
import { QUIC } from './quic.ts'
import { REMOTE } from './remote.ts'
import { ROUTING } from './routing.ts'
import { SCRIPTED } from './scripted.ts'
import { SSH } from './ssh.ts'
import { TLS_OTHER_WAYS } from './tls-other-ways.ts'
import { TLS_WAYS } from './tls-ways.ts'
import { TLS10, TLS12 } from './tls12.ts'
import { TLS13 } from './tls13.ts'
import { TUNNELS } from './tunnels.ts'
import { VNC_RSA } from './vnc-rsa.ts'
import { VPN } from './vpn.ts'
import { WEB } from './web.ts'

export interface Group {
  readonly title: string
  readonly rows: readonly Row[]
}

/** All captures, in README's order. */
export const GROUPS: readonly Group[] = [
  { title: 'TLS 1.3', rows: TLS13 },
  { title: 'TLS 1.2', rows: TLS12 },
  { title: 'TLS between other peers', rows: PEERS },
  { title: 'TLS 1.1 and older', rows: [...TLS10, ...LEGACY] },
  { title: 'QUIC', rows: QUIC },
  { title: 'DTLS', rows: [...DTLS, ...DTLS_CID] },
  { title: 'Alerts, refusals and bad certificates', rows: FAILURES },
  { title: 'Hellos in pieces, heartbeats, revocation', rows: ODD },
  { title: 'Plaintext and upgrades', rows: PLAINTEXT },
  { title: 'HTTP/2, proxies, signatures and tokens', rows: WEB },
  { title: 'APIs over HTTP', rows: APIS },
  { title: 'SSH', rows: SSH },
  { title: 'VPNs', rows: [...VPN, ...MPPE, ...HIDING] },
  { title: 'Mail, news, files, directories and talk', rows: MAIL },
  { title: 'Databases', rows: [...DATABASES_SQL, ...DATABASES, ...CACHES] },
  { title: 'Message brokers', rows: BROKERS },
  { title: 'Names, addresses and metrics', rows: [...NETWORK, ...DNS_SECURE] },
  { title: 'Time, management, logs and logins', rows: [...ACCESS, ...RADIUS_SECURE] },
  { title: 'Calls and media', rows: MEDIA },
  { title: 'Routing, exports of flows and metrics', rows: ROUTING },
  { title: 'Controllers, grids and carriers', rows: CONTROL },
  { title: 'Files, desktops and remote access', rows: REMOTE },
  {
    title: 'TLS asked for and not to be had, to be had and not asked for',
    rows: [...TLS_WAYS, ...TLS_OTHER_WAYS, ...ENCRYPTION_WAYS],
  },
  { title: 'Industrial and other protocols without a peer in Debian', rows: [...SCRIPTED, ...VNC_RSA] },
  { title: 'What mirrors, tunnels and other links make of them', rows: [...CUTS, ...TUNNELS, ...OVERLAYS] },
]
