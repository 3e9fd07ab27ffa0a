/** Servers of mail, files, directories and talk, each in the server's namespace with a configuration of its own. */
import { join } from 'node:path'
import { type Lab, SERVER_IP } from './lab.ts'
import { sh, sleep } from './process.ts'

const NAME = 'mail.example.test'
const USER = 'alice'
const PASSWORD = 'not-a-secret'
const SUFFIX = 'dc=example,dc=test'

/** Daemons drop their privileges: they must be able to walk to where their files are. */
function folder(lab: Lab, name: string): string {
  const path = join(lab.temp, name)
  sh(`mkdir -p ${path} && chmod 755 "$(dirname ${lab.temp})" ${lab.temp} ${path}`)
  return path
}

const write = (path: string, text: string): string => sh(`cat > ${path} <<'END'\n${text}\nEND`)

/** IMAP, POP3, LMTP and ManageSieve. `ssl` is Dovecot's own setting: "no", "yes" (optional) or "required". */
export async function serveDovecot(lab: Lab, ssl: 'no' | 'yes' | 'required', plaintext: boolean): Promise<void> {
  const home = folder(lab, 'dovecot')
  const service = (name: string, ...lines: string[]): string => `service ${name} {\n${lines.join('\n')}\n}`
  const listener = (name: string, port: number): string =>
    `inet_listener ${name} {\naddress = ${SERVER_IP}\nport = ${port}\n}`
  const services = [
    service('imap-login', listener('imap', 143), listener('imaps', 0), 'chroot ='),
    service('pop3-login', listener('pop3', 110), listener('pop3s', 0), 'chroot ='),
    service('managesieve-login', listener('sieve', 4190), 'chroot ='),
    service('lmtp', listener('lmtp', 24)),
    service('anvil', 'chroot ='),
    service('stats', 'chroot ='),
  ]
  sh(
    `mkdir -p ${home}/mail ${home}/run && chown -R mail: ${home}/mail
     echo '${USER}:{PLAIN}${PASSWORD}:8:8::${home}/mail' > ${home}/users`,
  )
  write(
    `${home}/dovecot.conf`,
    `base_dir = ${home}/run
     state_dir = ${home}/run
     instance_name = captures
     log_path = /dev/stderr
     protocols = imap pop3 lmtp sieve
     ssl = ${ssl}
     ${ssl === 'no' ? '' : `ssl_cert = <${lab.pki('rsa.pem')}\n ssl_key = <${lab.pki('rsa.key')}`}
     disable_plaintext_auth = ${plaintext ? 'no' : 'yes'}
     auth_mechanisms = plain login cram-md5
     passdb {\n driver = passwd-file\n args = ${home}/users\n}
     userdb {\n driver = passwd-file\n args = ${home}/users\n}
     mail_location = maildir:${home}/mail
     first_valid_uid = 8
     first_valid_gid = 8
     mail_access_groups = mail
     ${services.join('\n')}`.replaceAll(/^ +/gm, ''),
  )
  await lab.serve(['dovecot', '-F', '-c', `${home}/dovecot.conf`], /starting up/)
}

/** SMTP that takes mail for example.test and throws it away; logins by a pair of files of Cyrus SASL. */
export async function servePostfix(lab: Lab, tls: 'none' | 'may' | 'encrypt', plaintext: boolean): Promise<void> {
  const home = folder(lab, 'postfix')
  sh(
    `mkdir -p ${home}/etc/sasl ${home}/queue ${home}/data && chown postfix: ${home}/data
     printf 'pwcheck_method: auxprop\\nauxprop_plugin: sasldb\\nmech_list: PLAIN LOGIN CRAM-MD5\\nsasldb_path: ${home}/sasldb\\n' > ${home}/etc/sasl/smtpd.conf
     echo ${PASSWORD} | saslpasswd2 -p -c -f ${home}/sasldb -u ${NAME} ${USER} && chown postfix ${home}/sasldb`,
  )
  write(
    `${home}/etc/main.cf`,
    `compatibility_level = 3.6
myhostname = ${NAME}
mydestination = example.test
inet_interfaces = ${SERVER_IP}
inet_protocols = ipv4
queue_directory = ${home}/queue
data_directory = ${home}/data
alias_maps =
local_recipient_maps =
local_transport = discard
maillog_file = ${home}/log
maillog_file_prefixes = ${home}
smtpd_sasl_auth_enable = yes
cyrus_sasl_config_path = ${home}/etc/sasl
smtpd_sasl_path = smtpd
smtpd_tls_auth_only = ${plaintext ? 'no' : 'yes'}
smtpd_tls_security_level = ${tls}
smtpd_tls_cert_file = ${lab.pki('rsa.pem')}
smtpd_tls_key_file = ${lab.pki('rsa.key')}
smtpd_peername_lookup = no`,
  )
  write(
    `${home}/etc/master.cf`,
    `smtp inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
tlsmgr unix - - n 1000? 1 tlsmgr
discard unix - - n - - discard
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
postlog unix-dgram n - n - 1 postlogd`,
  )
  await lab.serve(
    ['sh', '-c', `touch ${home}/log; tail -F ${home}/log & exec postfix -c ${home}/etc start-fg`],
    /daemon started/,
  )
}

/** FTP with `mod_tls` or without; `required` is TLSRequired's own word. */
export async function serveProftpd(lab: Lab, tls: 'none' | 'off' | 'on' | 'auth'): Promise<void> {
  const home = folder(lab, 'ftp')
  sh(
    `mkdir -p ${home}/files && printf 'one line of a file\\n' > ${home}/files/file.txt && chmod -R a+rX ${home}/files
     hash=$(openssl passwd -6 ${PASSWORD})
     printf '${USER}:%s:65534:65534::${home}/files:/bin/false\\n' "$hash" > ${home}/passwd && chmod 600 ${home}/passwd`,
  )
  const tlsLines = `LoadModule mod_tls.c
TLSEngine on
TLSProtocol TLSv1.2
TLSRSACertificateFile ${lab.pki('rsa.pem')}
TLSRSACertificateKeyFile ${lab.pki('rsa.key')}
TLSRequired ${tls}
TLSOptions NoSessionReuseRequired
TLSLog /dev/null`
  write(
    `${home}/proftpd.conf`,
    `ServerName "${NAME}"
ServerType standalone
DefaultServer on
Port 21
DefaultAddress ${SERVER_IP}
SocketBindTight on
PidFile ${home}/pid
ScoreboardFile ${home}/scoreboard
SystemLog none
WtmpLog off
UseReverseDNS off
RequireValidShell off
UseFtpUsers off
RootRevoke off
AuthOrder mod_auth_file.c mod_auth_unix.c
AuthUserFile ${home}/passwd
PassivePorts 45000 45099
User nobody
Group nogroup
<Anonymous ${home}/files>
User nobody
Group nogroup
UserAlias anonymous nobody
RequireValidShell off
AnonRequirePassword off
</Anonymous>
${tls === 'none' ? '' : tlsLines}`,
  )
  await lab.serve(
    ['proftpd', '-n', '-d', '1', '-c', `${home}/proftpd.conf`],
    /standalone mode STARTUP|ProFTPD .* startup/,
  )
}

/** A directory of two entries. */
export async function serveSlapd(lab: Lab, tls: boolean): Promise<void> {
  const home = folder(lab, 'ldap')
  sh(`mkdir -p ${home}/db`)
  write(
    `${home}/slapd.conf`,
    `include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${home}/pid
sasl-host ${NAME}
sasl-realm example.test
authz-regexp uid=([^,]*),.*cn=auth cn=$1,${SUFFIX}
password-hash {CLEARTEXT}
${tls ? `TLSCertificateFile ${lab.pki('rsa.pem')}\nTLSCertificateKeyFile ${lab.pki('rsa.key')}` : ''}
database mdb
maxsize 1048576
suffix ${SUFFIX}
directory ${home}/db
access to attrs=userPassword by anonymous auth by * none
access to * by * read`,
  )
  write(
    `${home}/data.ldif`,
    `dn: ${SUFFIX}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: cn=${USER},${SUFFIX}
objectClass: person
cn: ${USER}
sn: Example
userPassword: ${PASSWORD}`,
  )
  sh(`slapadd -f ${home}/slapd.conf -l ${home}/data.ldif`)
  await lab.serve(['slapd', '-d', '256', '-f', `${home}/slapd.conf`, '-h', `ldap://${SERVER_IP}:389`], /slapd starting/)
}

/** IRC with STARTTLS; `password` is what a connection has to give, or none. */
export async function serveInspircd(lab: Lab, tls: boolean, password: string | null): Promise<void> {
  const home = folder(lab, 'irc')
  const modules = tls ? ['starttls', 'ssl_gnutls', 'cap'] : ['cap']
  write(
    `${home}/inspircd.conf`,
    `<server name="irc.example.test" description="Example" network="Example" id="97K">
<admin name="Example" nick="example" email="example@example.test">
<bind address="${SERVER_IP}" port="6667" type="clients">
<connect allow="*" ${password === null ? '' : `password="${password}"`} useident="no" resolvehostnames="no">
<dns server="127.0.0.1" timeout="1">
<log method="file" type="*" level="default" target="${home}/log">
<pid file="${home}/pid">
<path datadir="${home}" logdir="${home}" runtimedir="${home}">
<options defaultmodes="not" splitwhois="no">
${modules.map((name) => `<module name="${name}">`).join('\n')}
${tls ? `<gnutls certfile="${lab.pki('rsa.pem')}" keyfile="${lab.pki('rsa.key')}">` : ''}`,
  )
  sh(`chown -R irc ${home}`)
  await lab.serve(['inspircd', '--nofork', '--runasroot', '--config', `${home}/inspircd.conf`], /is now running/)
}

/** XMPP for clients. `required`: no login without TLS. */
export async function serveProsody(lab: Lab, tls: boolean, required: boolean): Promise<void> {
  const home = folder(lab, 'xmpp')
  const account = `${home}/data/example%2etest/accounts`
  sh(`mkdir -p ${account}`)
  write(`${account}/${USER}.dat`, `return {\n\t["password"] = "${PASSWORD}";\n};`)
  const ssl = `ssl = { certificate = "${home}/rsa.pem"; key = "${home}/rsa.key"; protocol = "tlsv1_2+"; }`
  write(
    `${home}/prosody.cfg.lua`,
    `daemonize = false
run_as_root = true
data_path = "${home}/data"
pidfile = "${home}/pid"
interfaces = { "${SERVER_IP}" }
modules_enabled = { "saslauth"; "roster"; ${tls ? '"tls";' : ''} }
modules_disabled = { "s2s"; "offline"; }
c2s_require_encryption = ${required}
allow_unencrypted_plain_auth = ${!required}
authentication = "internal_plain"
log = { { levels = { min = "info" }; to = "console" } }
${tls ? ssl : ''}
VirtualHost "example.test"
${tls ? ssl : ''}`,
  )
  sh(`cp ${lab.pki('rsa.pem')} ${lab.pki('rsa.key')} ${home} && chown -R prosody: ${home}`)
  await lab.serve(['prosody', '--config', `${home}/prosody.cfg.lua`], /Activated service 'c2s'/)
}

/** News for readers. Without `tls` the server offers STARTTLS all the same, and refuses it. */
export async function serveNnrpd(lab: Lab, tls: boolean): Promise<void> {
  const home = folder(lab, 'news')
  const tlsLines = `tlscertfile: ${home}/rsa.pem
tlskeyfile: ${home}/rsa.key`
  sh(
    `mkdir -p ${home}/overview && cp ${lab.pki('rsa.pem')} ${lab.pki('rsa.key')} ${home}
     echo "${USER}:$(openssl passwd -6 ${PASSWORD})" > ${home}/passwd`,
  )
  write(
    `${home}/inn.conf`,
    `mta: "/bin/true"
pathhost: news.example.test
domain: example.test
hismethod: hisv6
nnrpdloadlimit: 0
ovmethod: tradindexed
enableoverview: true
pathnews: /usr/lib/news
pathdb: /var/lib/news
pathetc: /etc/news
pathoverview: ${home}/overview
pathrun: ${home}
pathlog: ${home}
${tls ? tlsLines : ''}`,
  )
  write(
    `${home}/readers.conf`,
    `auth "all" {
  auth: "ckpasswd -f ${home}/passwd"
}
access "all" {
  users: "*"
  newsgroups: "*"
  access: R
}`,
  )
  sh(
    `chown -R news: ${home} && chmod 600 ${home}/rsa.key
     INNCONF=${home}/inn.conf runuser -u news -- /usr/lib/news/bin/overchan < /dev/null`,
  )
  const nnrpd = `/usr/lib/news/bin/nnrpd -D -f -p 119 -b ${SERVER_IP} -c ${home}/readers.conf`
  await lab.serve(['sh', '-c', `echo ready; INNCONF=${home}/inn.conf exec ${nnrpd}`], /ready/)
  await sleep(500)
}

/** FTP for anonymous. Debian lets only one FTP server be installed at a time: `apt-get install vsftpd` takes ProFTPD away. */
export async function serveVsftpd(lab: Lab, tls: 'no' | 'optional' | 'required'): Promise<void> {
  const home = folder(lab, 'vsftpd')
  const files = folder(lab, 'vsftpd-files')
  sh(`mkdir -p ${home}/empty && printf 'one line of a file\\n' > ${files}/file.txt && chmod 644 ${files}/file.txt`)
  const forced = tls === 'required' ? 'YES' : 'NO'
  const tlsLines = `ssl_enable=YES
allow_anon_ssl=YES
force_anon_logins_ssl=${forced}
force_anon_data_ssl=${forced}
require_ssl_reuse=NO
ssl_ciphers=HIGH
rsa_cert_file=${lab.pki('rsa.pem')}
rsa_private_key_file=${lab.pki('rsa.key')}`
  write(
    `${home}/vsftpd.conf`,
    `listen=YES
listen_address=${SERVER_IP}
background=NO
anonymous_enable=YES
local_enable=NO
anon_root=${files}
ftp_username=backup
secure_chroot_dir=${home}/empty
pasv_min_port=45000
pasv_max_port=45099
seccomp_sandbox=NO
xferlog_enable=NO
${tls === 'no' ? '' : tlsLines}`,
  )
  await lab.serve(['sh', '-c', `echo starting; exec vsftpd ${home}/vsftpd.conf`], /starting/)
  await sleep(500)
}
