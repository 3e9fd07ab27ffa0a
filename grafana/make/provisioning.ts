/** What Grafana reads at its start: where data comes from, and where dashboards are. */
import { stringify } from 'yaml'

const HEADER = '# Made by npm run grafana: change grafana/make instead.\n'

/** Grafana puts environment variables and files in where a value names them ($__file{…}). */
const DATASOURCES = {
  apiVersion: 1,
  prune: true,
  datasources: [
    {
      ...{ name: 'intransit', type: 'grafana-clickhouse-datasource', uid: 'intransit-clickhouse', access: 'proxy' },
      ...{ isDefault: true, editable: false },
      jsonData: {
        ...{ host: '$CLICKHOUSE_HOST', port: 9440, protocol: 'native', secure: true },
        ...{ username: 'grafana', defaultDatabase: 'intransit', tlsSkipVerify: false, tlsAuthWithCACert: true },
        ...{ dialTimeout: '10', queryTimeout: '60', validateSql: false },
      },
      secureJsonData: {
        password: '$__file{/run/secrets/clickhouse_grafana}',
        tlsCACert: '$__file{/run/secrets/ca.pem}',
      },
    },
    {
      ...{ name: 'Prometheus', type: 'prometheus', uid: 'intransit-prometheus', access: 'proxy' },
      ...{ url: '$PROMETHEUS_URL', isDefault: false, editable: false },
      jsonData: { httpMethod: 'POST', timeInterval: '30s', tlsAuth: true, tlsAuthWithCACert: true },
      // Prometheus knows its callers by their certificates.
      secureJsonData: {
        tlsCACert: '$__file{/run/secrets/ca.pem}',
        tlsClientCert: '$__file{/run/secrets/grafana.pem}',
        tlsClientKey: '$__file{/run/secrets/grafana.key}',
      },
    },
  ],
}

const PROVIDERS = {
  apiVersion: 1,
  providers: [
    {
      ...{ name: 'intransit', type: 'file', orgId: 1, folder: 'intransit', folderUid: 'intransit' },
      ...{ allowUiUpdates: false, disableDeletion: true, updateIntervalSeconds: 60 },
      options: { path: '/var/lib/grafana-dashboards', foldersFromFilesStructure: false },
    },
  ],
}

/** By file below grafana/. */
export const PROVISIONING: Readonly<Record<string, string>> = {
  'provisioning/datasources/intransit.yaml': HEADER + stringify(DATASOURCES),
  'provisioning/dashboards/intransit.yaml': HEADER + stringify(PROVIDERS),
}
