/*
 * bench_tls.c - TLS handshakes with a server, one after the other, as an agent has them: TLS 1.3, a certificate.
 *
 *   bench_tls CERT KEY PORT N
 *
 * Each comes from another address of 127.3.0.0/16, because one alone may not come so often. Prints handshakes per second.
 * Exit status 1 when one failed.
 */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

static int must(int ok, const char *what)
{
	if (ok)
		return ok;
	perror(what);
	ERR_print_errors_fp(stderr);
	exit(EXIT_FAILURE);
}

static struct sockaddr_in address(uint32_t host, uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(host), .sin_port = htons(port) };
}

static SSL_CTX *make_context(const char *cert, const char *key)
{
	static const uint8_t alpn[] = "\2h2";
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	must(ctx && SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1, "TLS 1.3");
	must(SSL_CTX_use_certificate_chain_file(ctx, cert) == 1, cert);
	must(SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1, key);
	must(SSL_CTX_set_alpn_protos(ctx, alpn, sizeof alpn - 1) == 0, "ALPN");
	return ctx;
}

/* To the end of the connection, so that the server has seen all of it. */
static void shake_hands(SSL_CTX *ctx, uint32_t from_host, uint16_t port)
{
	struct sockaddr_in from = address(from_host, 0), to = address(INADDR_LOOPBACK, port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	SSL *ssl = SSL_new(ctx);
	char rest[4096];

	must(fd >= 0 && bind(fd, (struct sockaddr *)&from, sizeof from) == 0, "bind");
	must(connect(fd, (struct sockaddr *)&to, sizeof to) == 0, "connect");
	must(SSL_set_fd(ssl, fd) == 1 && SSL_connect(ssl) == 1, "handshake");
	shutdown(fd, SHUT_WR);
	while (read(fd, rest, sizeof rest) > 0)
		;
	SSL_free(ssl);
	close(fd);
}

int main(int argc, char **argv)
{
	uint32_t n = argc == 5 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0;
	uint64_t begin_us;
	SSL_CTX *ctx;

	if (!n || n > 65000) {
		fputs("usage: bench_tls CERT KEY PORT N\n", stderr);
		return EXIT_FAILURE;
	}
	signal(SIGPIPE, SIG_IGN);
	ctx = make_context(argv[1], argv[2]);
	begin_us = mono_us();
	for (uint32_t i = 0; i < n; i++)
		shake_hands(ctx, 0x7f030001 + i, (uint16_t)strtoul(argv[3], NULL, 10));
	printf("%.0f\n", n * 1e6 / (double)(mono_us() - begin_us));
	SSL_CTX_free(ctx);
	return EXIT_SUCCESS;
}
