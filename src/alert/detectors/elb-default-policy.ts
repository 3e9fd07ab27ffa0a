import { detector, nothing } from '../detector.ts'

const TLS_1_1 = 0x0302
/**
 * CBC with SHA-1, which load balancers take under ELBSecurityPolicy-2016-08 and the "Ext" policies only:
 * TLS_ECDHE_{ECDSA,RSA}_WITH_AES_{128,256}_CBC_SHA, TLS_RSA_WITH_AES_{128,256}_CBC_SHA.
 */
const OLD_SUITES = new Set([0xc009, 0xc00a, 0xc013, 0xc014, 0x002f, 0x0035])
const AMAZON_ISSUER = /(^|[,/]\s*)O\s*=\s*Amazon(,|\/|$)/

export const elbDefaultPolicy = detector({
  id: 'A34',
  name: 'elb-default-policy',
  severity: 'high',
  title: 'An AWS load balancer still runs the default policy of 2016',
  subject: 'identity',
  kinds: ['tls'],
  concerns: ({ isHandshakeDone }) => isHandshakeDone,
  settles: true,
  asksLoadBalancers: true,
  defaults: {},
  fresh: nothing,
  observe(flow, _memory, _settings, context) {
    const { facts } = flow
    if (facts.versionRank > TLS_1_1 && !OLD_SUITES.has(facts.cipherSuite)) {
      context.settled(Number.POSITIVE_INFINITY)
      return
    }
    const leaf = facts.chain[0]
    const certificate = leaf === undefined ? null : context.certificate(leaf)
    const isNamed = flow.serverName?.toLowerCase().endsWith('.elb.amazonaws.com') === true
    const isAws = isNamed || context.isLoadBalancer(flow.serverIp)
    if (!isAws && !AMAZON_ISSUER.test(certificate?.issuer ?? '')) {
      if (leaf === undefined || certificate !== null) context.settled(Number.POSITIVE_INFINITY)
      return
    }
    if (leaf === undefined || certificate !== null) context.settled(Number.POSITIVE_INFINITY)
    context.raise({
      what: 'it accepts what only ELBSecurityPolicy-2016-08 and the Ext policies accept: set ELBSecurityPolicy-TLS13-1-2-2021-06',
      mustFix: 'server',
      sql: `tls_version < 771 OR cipher_suite = ${facts.cipherSuite}`,
    })
  },
})
