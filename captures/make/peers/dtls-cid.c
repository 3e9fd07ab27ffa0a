/*
 * DTLS 1.2 with connection ids (RFC 9146): dtls-cid server|client ADDRESS PORT CHAIN KEY ID. The id is that by which this end wants
 * to be called, in hex; empty = it asks for none, and uses that of the other end. The client has no chain and no key.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/timing.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#if MBEDTLS_VERSION_MAJOR < 3
#error "before version 3 the extension is that of a draft"
#endif

static void must(int result, const char *what) {
  if (result >= 0) return;
  fprintf(stderr, "%s: -0x%04x\n", what, (unsigned) -result);
  exit(1);
}

int main(int argc, char **argv) {
  if (argc != 7) return 2;
  int server = strcmp(argv[1], "server") == 0;
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context drbg;
  mbedtls_ssl_config conf;
  mbedtls_ssl_context ssl;
  mbedtls_net_context listening, peer;
  mbedtls_timing_delay_context timer;
  mbedtls_x509_crt chain;
  mbedtls_pk_context key;
  mbedtls_entropy_init(&entropy);
  mbedtls_ctr_drbg_init(&drbg);
  mbedtls_ssl_config_init(&conf);
  mbedtls_ssl_init(&ssl);
  mbedtls_net_init(&listening);
  mbedtls_net_init(&peer);
  mbedtls_x509_crt_init(&chain);
  mbedtls_pk_init(&key);
  must(mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL, 0), "seed");
  must(mbedtls_ssl_config_defaults(&conf, server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                   MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT), "defaults");
  mbedtls_ssl_conf_rng(&conf, mbedtls_ctr_drbg_random, &drbg);
  mbedtls_ssl_conf_authmode(&conf, MBEDTLS_SSL_VERIFY_NONE);
  if (server) {
    must(mbedtls_x509_crt_parse_file(&chain, argv[4]), "certificate");
    must(mbedtls_pk_parse_keyfile(&key, argv[5], NULL, mbedtls_ctr_drbg_random, &drbg), "key");
    must(mbedtls_ssl_conf_own_cert(&conf, &chain, &key), "own certificate");
    mbedtls_ssl_conf_dtls_cookies(&conf, NULL, NULL, NULL);
  }
  unsigned char id[16];
  size_t length = strlen(argv[6]) / 2;
  for (size_t i = 0; i < length && i < sizeof id; i++) sscanf(argv[6] + 2 * i, "%2hhx", &id[i]);
  must(mbedtls_ssl_conf_cid(&conf, length, MBEDTLS_SSL_UNEXPECTED_CID_IGNORE), "length of the id");
  must(mbedtls_ssl_setup(&ssl, &conf), "setup");
  mbedtls_ssl_set_timer_cb(&ssl, &timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);
  must(mbedtls_ssl_set_cid(&ssl, MBEDTLS_SSL_CID_ENABLED, id, length), "id");
  if (server) {
    must(mbedtls_net_bind(&listening, argv[2], argv[3], MBEDTLS_NET_PROTO_UDP), "bind");
    puts("listening");
    fflush(stdout);
    must(mbedtls_net_accept(&listening, &peer, NULL, 0, NULL), "accept");
  } else {
    must(mbedtls_net_connect(&peer, argv[2], argv[3], MBEDTLS_NET_PROTO_UDP), "connect");
    must(mbedtls_ssl_set_hostname(&ssl, "web.example.test"), "name");
  }
  mbedtls_ssl_set_bio(&ssl, &peer, mbedtls_net_send, mbedtls_net_recv, mbedtls_net_recv_timeout);
  mbedtls_ssl_conf_read_timeout(&conf, 5000);
  int result;
  while ((result = mbedtls_ssl_handshake(&ssl)) == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE) {}
  must(result, "handshake");
  unsigned char line[256] = "a line over datagrams\n";
  for (int n = 0; n < 3; n++) {
    if (!server) must(mbedtls_ssl_write(&ssl, line, strlen((char *) line)), "write");
    result = mbedtls_ssl_read(&ssl, line, sizeof line - 1);
    must(result, "read");
    if (server) must(mbedtls_ssl_write(&ssl, line, (size_t) result), "write");
  }
  // The server has the last word: an answer would find nobody.
  if (server) mbedtls_ssl_close_notify(&ssl);
  else mbedtls_ssl_read(&ssl, line, sizeof line - 1);
  return 0;
}
