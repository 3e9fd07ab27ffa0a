#!/bin/sh
# Makes what docker-compose.yml keeps secret: a small certificate authority, certificates for each service, passwords and tokens.
#
#   deploy/make-secrets.sh [FOLDER] [NAME...]      FOLDER: deploy/secrets; NAME: further names of this host in certificates
#
# What is there already is kept: delete a file, and what depends on it, to have it made anew. The authority's key (ca.key)
# is needed only for that: take it away from this host.
set -eu
umask 077

folder=${1:-deploy/secrets}
[ $# -eq 0 ] || shift
mkdir -p "$folder"
cd "$folder"

DAYS_CA=3650
DAYS=397

if [ ! -e ca.key ] && [ ! -e ca.pem ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout ca.key -out ca.pem -days "$DAYS_CA" \
    -subj '/CN=intransit deployment CA' -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' \
    -addext 'keyUsage=critical,keyCertSign,cRLSign' 2>/dev/null
fi

# certificate NAME USES [NAME...]
certificate() {
  name=$1 uses=$2
  shift 2
  [ ! -e "$name.pem" ] || return 0
  alternative="DNS:$name,DNS:localhost,IP:127.0.0.1"
  for more in "$@"; do
    case $more in
      *[!0-9.]*) alternative="$alternative,DNS:$more" ;;
      *) alternative="$alternative,IP:$more" ;;
    esac
  done
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$name.key" -subj "/CN=$name" -out "$name.csr" 2>/dev/null
  printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s\nsubjectAltName=%s\n' \
    "$uses" "$alternative" >"$name.ext"
  openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -set_serial "0x$(openssl rand -hex 16)" -days "$DAYS" \
    -sha256 -extfile "$name.ext" -out "$name.pem" 2>/dev/null
  rm "$name.csr" "$name.ext"
}

certificate clickhouse serverAuth
certificate intransit serverAuth "$@"
certificate grafana serverAuth,clientAuth "$@"
certificate prometheus serverAuth,clientAuth
certificate alertmanager serverAuth,clientAuth

password() {
  [ -e "$1" ] || openssl rand -hex 24 >"$1"
}
for user in clickhouse_capture clickhouse_serve clickhouse_grafana grafana_admin; do password "$user"; done

hash_of() {
  tr -d '\n' <"$1" | openssl dgst -sha256 -r | cut -d ' ' -f 1
}

# ClickHouse knows the hashes alone.
rm -f clickhouse_hashes.xml
cat >clickhouse_hashes.xml <<XML
<clickhouse>
    <capture_hash>$(hash_of clickhouse_capture)</capture_hash>
    <serve_hash>$(hash_of clickhouse_serve)</serve_hash>
    <grafana_hash>$(hash_of clickhouse_grafana)</grafana_hash>
</clickhouse>
XML

# As "intransit serve token prometheus viewer" makes them: the token for Prometheus, its hash for intransit.
if [ ! -e metrics_token ]; then
  printf 'intransit_%s' "$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\n')" >metrics_token
fi
if [ ! -e tokens ] || ! grep -q '^prometheus ' tokens; then
  [ ! -e tokens ] || chmod u+w tokens
  printf 'prometheus viewer %s\n' "$(hash_of metrics_token)" >>tokens
fi

# Containers read these under their own users, each only what it is given; the folder keeps everybody else out.
chmod 0444 ./*
chmod 0400 ca.key
printf 'made in %s\n' "$(pwd)"
