/*
 * install.c - see install.h. Names and addresses have been checked: nothing in them is special to a shell but brackets.
 *
 * No line has a single quote in it before it is put into some.
 */
#include "cli/install.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/token.h"

enum { PIN_AT = 7, PIN_LEN = 2 * TOKEN_PIN_LEN };

static const char to_container[] = "/run/sloth-install";

/* Brackets are a pattern to shells. */
static void append_word(struct buf *out, const char *before, const char *address, const char *behind)
{
	const char *quote = strpbrk(address, "[") ? "\"" : "";

	buf_printf(out, "%s%s%s%s%s", quote, before, address, behind, quote);
}

/*
 * c is curl without what the machine's user told it, or its proxies, and with limits. The CA of the master in $d/ca; another
 * one ends the line. What was hashed is what is trusted: $d/ca is made of those bytes, and no other file is asked, neither the
 * rest of the one that came nor the certificates of the machine ($d has none under the names that OpenSSL looks for).
 */
static void append_check(struct buf *out, const struct install *i, const char *master)
{
	buf_append_str(out, "d=$(mktemp -d) && trap \"rm -rf \\\"$d\\\"\" EXIT || exit 3; c() { curl -q -fsS --noproxy \"*\" --proto =https "
		       "--connect-timeout 15 --max-time 900 --max-filesize 200000000 \"$@\" || exit 4; }; c -k ");
	append_word(out, "https://", master, "/ca.crt");
	buf_printf(out, " -o \"$d/got\"; sed \"/^-/d\" \"$d/got\" | base64 -d >\"$d/der\"; [ \"$(sha256sum <\"$d/der\")\" = \"%.*s  -\" ] || "
		   "{ echo \"sloth: the CA that is shown is not the one of this token: nothing was run\" >&2; exit 5; }; "
		   "(echo -----BEGIN CERTIFICATE-----; base64 \"$d/der\"; echo -----END CERTIFICATE-----) >\"$d/ca\"; ",
		   PIN_LEN, i->token + PIN_AT);
}

/* `path` from the master that was checked. */
static void append_get(struct buf *out, const struct install *i, const char *master, const char *path, const char *to)
{
	char before[40];

	snprintf(before, sizeof before, "slothd-master:%u:", i->master.port);
	buf_append_str(out, "c --cacert \"$d/ca\" --capath \"$d\" --connect-to ");
	append_word(out, before, master, "");
	buf_printf(out, " https://slothd-master:%u/%s -o \"$d/%s\"; ", i->master.port, path, to);
}

static void append_options(struct buf *out, const struct install *i, const char *master)
{
	char incus[WIRE_ADDR_MAX];

	buf_append_str(out, " --master ");
	append_word(out, "", master, "");
	buf_printf(out, " --name %s", i->name);
	if (!i->incus.port)
		return;
	wire_addr_format(&i->incus, incus);
	buf_append_str(out, " --incus ");
	append_word(out, "", incus, "");
}

/* In the machine that becomes an agent; without the quotes or parentheses around it. */
static char *body(const struct install *i, const char *master)
{
	struct buf out = { 0 };

	append_check(&out, i, master);
	append_get(&out, i, master, "bootstrap.sh", "b");
	buf_printf(&out, "SLOTH_TOKEN=%s sh \"$d/b\"", i->token);
	append_options(&out, i, master);
	return buf_take_string(&out);
}

/* On the host, which fetches what the container cannot. */
static char *push(const struct install *i, const char *master)
{
	struct buf out = { 0 };

	buf_append_str(&out, "(");
	append_check(&out, i, master);
	buf_append_str(&out, "for f in bootstrap.sh dist/$(uname -m)/slothd-agent dist/$(uname -m)/sloth-supervise; do ");
	append_get(&out, i, master, "$f", "${f##*/}");
	buf_printf(&out, "done; sudo incus file push -p \"$d/bootstrap.sh\" \"$d/slothd-agent\" \"$d/sloth-supervise\" %s%s/ || exit 4; ",
		   i->name, to_container);
	buf_printf(&out, "sudo incus exec %s --env SLOTH_TOKEN=%s -- sh %s/bootstrap.sh --binary %s/slothd-agent", i->name, i->token,
		   to_container, to_container);
	append_options(&out, i, master);
	buf_append_str(&out, ")");
	return buf_take_string(&out);
}

void install_lines_make(const struct install *i, bool for_incus, struct install_lines *out)
{
	char master[WIRE_ADDR_MAX], *text;

	wire_addr_format(&i->master, master);
	text = body(i, master);
	*out = (struct install_lines){ .install = mem_printf("(%s)", text) };
	if (for_incus) {
		out->device = mem_printf("sudo incus config device add %s sloth-proxy proxy listen=tcp:%s:%u "
					 "connect=tcp:127.0.0.1:50051", i->name, wire_addr_any_of(&i->incus), i->incus.port);
		out->exec = mem_printf("sudo incus exec %s -- sh -c '%s'", i->name, text);
		out->push = push(i, master);
	}
	free(text);
}

void install_lines_done(struct install_lines *lines)
{
	char *const all[] = { lines->install, lines->device, lines->exec, lines->push };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (all[i])
			explicit_bzero(all[i], strlen(all[i]));		/* the token is in them */
		free(all[i]);
	}
	*lines = (struct install_lines){ 0 };
}
