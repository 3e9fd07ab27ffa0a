/** SEC09-BP03: who shows who it is, and does that succeed? */
import type { Kpi } from './kpi.ts'

const IN_TLS = 'all that is inside TLS'
const ACCESS_LOGS = 'access logs of load balancers and API gateways'

export const authentication: readonly Kpi[] = [
  {
    name: 'mtls-success',
    title: 'Mutual TLS that succeeds',
    ...{ practice: 'BP03', unit: 'share', better: 'more' },
    numerator: 'handshakes whose client showed a certificate and was not refused',
    denominator: 'handshakes in which the server asked for one and was answered, with or without',
    unobservable: 'TLS 1.3, which encrypts it; resumed sessions',
    complement: 'tls_verify_status of the load balancer; logs of VPC Lattice or Envoy',
  },
  {
    name: 'mtls-adoption',
    title: 'Mutual TLS',
    ...{ practice: 'BP03', unit: 'share', better: 'more' },
    numerator: 'handshakes whose client showed a certificate',
    denominator: 'handshakes that show whether it did',
    unobservable: 'TLS 1.3, which encrypts it; resumed sessions',
    complement: 'logs of VPC Lattice or Envoy',
  },
  {
    name: 'sigv4-adoption',
    title: 'AWS Signature Version 4, seen',
    ...{ practice: 'BP03', unit: 'share', better: 'more' },
    numerator: 'flows of HTTP in the clear with a signature of Version 4, in a header or presigned',
    denominator: 'flows of HTTP in the clear',
    unobservable: IN_TLS,
    complement: 'CloudTrail data events; logs of API Gateway and VPC Lattice',
  },
  {
    name: 'sigv4-implied',
    title: 'AWS Signature Version 4, implied',
    ...{ practice: 'BP03', unit: 'share', better: null },
    numerator: 'flows of TLS to a name below amazonaws.com, amazonaws.com.cn or api.aws',
    denominator: 'flows of TLS that name a server',
    unobservable: 'flows of TLS that name none',
    complement: 'CloudTrail data events',
  },
  {
    name: 'authentication-failure-rate',
    title: 'Authentication that fails',
    ...{ practice: 'BP03', unit: 'share', better: 'less' },
    numerator: 'attempts that failed, in any protocol that shows them',
    denominator: 'attempts whose outcome was seen',
    unobservable: `${IN_TLS}; attempts without an outcome`,
    complement: ACCESS_LOGS,
  },
  {
    name: 'token-validation',
    title: 'OAuth and OIDC tokens that are accepted',
    ...{ practice: 'BP03', unit: 'share', better: 'more' },
    numerator: 'flows of HTTP in the clear with a bearer token that were answered by anything but 401',
    denominator: 'those that were answered',
    unobservable: IN_TLS,
    complement: `error_reason in ${ACCESS_LOGS}; events of Cognito`,
  },
  {
    name: 'authentication-coverage',
    title: 'Edges on which clients show who they are',
    ...{ practice: 'BP03', unit: 'share', better: 'more' },
    numerator: 'edges with mTLS, SSH, IPsec, WireGuard, or a mechanism of their protocol that is not anonymous',
    denominator: 'those, and edges that show that there is none',
    unobservable: 'edges with encrypted or unknown flows only, inside which there may be one',
    complement: ACCESS_LOGS,
  },
]
