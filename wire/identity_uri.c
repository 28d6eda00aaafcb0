/*
 * identity_uri.c - names of identities: spiffe://CLUSTER/KIND/NAME. Pure, without OpenSSL.
 */
#include <errno.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "wire/identity.h"

static const char scheme[] = "spiffe://";
enum { SCHEME_LEN = sizeof scheme - 1, CLUSTER_LEN = 32 };

static const char *const kinds[] = {
	[WIRE_KIND_NONE] = "", [WIRE_KIND_AGENT] = "agent", [WIRE_KIND_OPERATOR] = "operator", [WIRE_KIND_MASTER] = "master",
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

const char *identity_kind_name(enum wire_kind kind)
{
	return (unsigned)kind < N_KINDS ? kinds[kind] : "";
}

enum wire_kind identity_kind_parse(const char *name)
{
	for (unsigned kind = WIRE_KIND_AGENT; kind < N_KINDS; kind++)
		if (!strcmp(name, kinds[kind]))
			return (enum wire_kind)kind;
	return WIRE_KIND_NONE;
}

char *identity_uri(const char *cluster, enum wire_kind kind, const char *name)
{
	return mem_printf("%s%s/%s/%s", scheme, cluster, identity_kind_name(kind), name);
}

static int refuse(const char **why, const char *words)
{
	*why = words;
	return -EINVAL;
}

static bool is_cluster(const char *s)
{
	return strlen(s) == CLUSTER_LEN && strspn(s, "0123456789abcdef") == CLUSTER_LEN;
}

/* The parts of a copy, cut at the slashes. */
static int take_parts(char *cluster, struct wire_identity *out, const char **why)
{
	char *kind = strchr(cluster, '/'), *name = kind ? strchr(kind + 1, '/') : NULL;

	if (!name)
		return refuse(why, "the identity in the certificate has not the form spiffe://CLUSTER/KIND/NAME");
	*kind++ = '\0';
	*name++ = '\0';
	if (!is_cluster(cluster))
		return refuse(why, "the identity in the certificate names no cluster: that is 32 hex digits");
	if (identity_kind_parse(kind) == WIRE_KIND_NONE)
		return refuse(why, "the identity in the certificate is no agent, operator or master");
	if (!str_is_name(name))
		return refuse(why, "the name in the certificate is not allowed as a name");
	out->kind = identity_kind_parse(kind);
	memcpy(out->name, name, strlen(name) + 1);
	memcpy(out->cluster, cluster, CLUSTER_LEN + 1);
	return 0;
}

int identity_parse_uri(const char *uri, size_t len, struct wire_identity *out, const char **why)
{
	enum { LONGEST = SCHEME_LEN + CLUSTER_LEN + 1 + 8 + 1 + WIRE_NAME_MAX };
	char copy[LONGEST + 1];

	if (len > LONGEST)
		return refuse(why, "the identity in the certificate is too long");
	if (len < SCHEME_LEN || memcmp(uri, scheme, SCHEME_LEN) != 0)
		return refuse(why, "the identity in the certificate does not begin with spiffe://");
	if (memchr(uri, '\0', len))
		return refuse(why, "the identity in the certificate has a NUL in it");
	memcpy(copy, uri, len);
	copy[len] = '\0';
	return take_parts(copy + SCHEME_LEN, out, why);
}
