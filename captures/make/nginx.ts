import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from './lab.ts'

/** Starts nginx in the server's namespace with one `http` block; `%PKI%` in it becomes the PKI's folder. */
export async function serveNginx(lab: Lab, http: string): Promise<void> {
  const root = join(lab.temp, 'www')
  mkdirSync(root, { recursive: true })
  writeFileSync(join(root, 'index.html'), '<!doctype html><title>example</title><p>A page of the example.\n')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${lab.temp}/${kind};`,
  )
  const configuration = `
    worker_processes 1;
    daemon off;
    pid ${lab.temp}/nginx.pid;
    error_log stderr notice;
    user root;
    events {}
    http {
      access_log off;
      ${temporary.join(' ')}
      ${http.replaceAll('%PKI%', lab.tools.pki).replaceAll('%ROOT%', root)}
    }`
  const file = join(lab.temp, 'nginx.conf')
  writeFileSync(file, configuration)
  await lab.serve(['nginx', '-e', 'stderr', '-p', lab.temp, '-c', file], /start worker process/)
}
