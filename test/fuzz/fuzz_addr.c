/*
 * fuzz_addr.c - addresses. What is taken can be written and is read back as the same address; text made
 * of any socket address has no control characters. Input: the text, and again as a socket address.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "test/fuzz/fuzz.h"
#include "wire/addr.h"

static void assert_printable(const char *text)
{
	assert(strlen(text) < WIRE_ADDR_MAX);
	for (const char *c = text; *c; c++)
		assert((unsigned char)*c >= 0x20 && *c != 0x7f);
}

static void try_text(const char *text, uint16_t default_port)
{
	char formatted[WIRE_ADDR_MAX];
	struct sockaddr_storage ss;
	struct wire_addr a, b;
	const char *why = NULL;
	socklen_t len;

	if (wire_addr_parse(text, default_port, &a, &why)) {
		assert(why);
		return;
	}
	wire_addr_format(&a, formatted);
	assert_printable(formatted);
	assert(wire_addr_parse(formatted, 0, &b, &why) == 0);
	assert(a.is_unix == b.is_unix && a.port == b.port);
	assert(strcmp(a.host, b.host) == 0 && strcmp(a.path, b.path) == 0);
	assert(!(wire_addr_is_loopback(&a) && wire_addr_is_any(&a)));
	if (wire_addr_to_sockaddr(&a, &ss, &len) == 0) {
		assert(len <= sizeof ss);
		wire_addr_from_sockaddr((struct sockaddr *)&ss, len, formatted);
		assert(wire_addr_parse(formatted, 0, &b, &why) == 0);
	}
}

static void try_sockaddr(const uint8_t *data, size_t n)
{
	static const sa_family_t families[] = { AF_UNIX, AF_INET, AF_INET6 };
	struct sockaddr_storage ss = { 0 };
	char text[WIRE_ADDR_MAX];

	if (n > sizeof(struct sockaddr_un))
		n = sizeof(struct sockaddr_un);
	memcpy(&ss, data, n);
	if (n >= sizeof ss.ss_family)
		ss.ss_family = families[ss.ss_family % 3];
	wire_addr_from_sockaddr((struct sockaddr *)&ss, (socklen_t)n, text);
	assert_printable(text);
	wire_sockaddr_is_loopback((struct sockaddr *)&ss);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = mem_strndup((const char *)data, n);

	try_text(text, 0);
	try_text(text, 50053);
	if (n > 0)
		try_sockaddr(data, n);
	free(text);
	return 0;
}
