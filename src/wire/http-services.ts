/** Header fields that one service over HTTP sends and no other, in requests or in responses. */
export const SERVICE_FIELDS = {
  'docker-experimental': 'docker',
  'x-amz-request-id': 'aws',
  'x-amzn-requestid': 'aws',
  'x-clickhouse-query-id': 'clickhouse',
  'x-clickhouse-server-display-name': 'clickhouse',
  'x-clickhouse-summary': 'clickhouse',
  'x-clickhouse-user': 'clickhouse',
  'x-consul-index': 'consul',
  'x-couch-request-id': 'couchdb',
  'x-elastic-product': 'elasticsearch',
  'x-etcd-cluster-id': 'etcd',
  'x-influxdb-version': 'influxdb',
  'x-jenkins': 'jenkins',
  'x-kubernetes-pf-flowschema-uid': 'kubernetes',
  'x-prometheus-scrape-timeout-seconds': 'prometheus',
} as const

export type ServiceField = keyof typeof SERVICE_FIELDS

const SERVICES: Readonly<Record<string, string | undefined>> = SERVICE_FIELDS

/** The service whose field this is, null for every other field. */
export const serviceOf = (name: string): string | null => SERVICES[name] ?? null
