/*
 * trust_json.c - identities and tokens as JSON.
 */
#include "cli/install.h"
#include "cli/json.h"
#include "cli/trust_output.h"

static json_t *strings(char *const *items, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_text(items[i]));
	return list;
}

/* ---- who one is ---- */

void trust_json_login(const struct output *to, const struct login_result *login)
{
	json_t *object = json_object();

	(void)to;
	json_put(object, "principal", json_sprintf("operator:%s", login->name));
	json_put(object, "master", json_text(login->address));
	json_put(object, "context", json_text(login->context));
	json_put(object, "cluster", json_text(login->cluster));
	json_put(object, "not_after", json_time(login->not_after));
	json_print(object);
}

void trust_json_whoami(const struct output *to, const Sloth__V1__WhoAmIResponse *who)
{
	json_t *object = json_object();

	json_put(object, "principal", json_text(who->principal));
	json_put(object, "roles", strings(who->roles, who->n_roles));
	json_put(object, "verbs", strings(who->verbs, who->n_verbs));
	json_put(object, "master", json_text(to->address));
	json_put(object, "cluster", json_text(who->cluster));
	json_put(object, "ca_fingerprint", json_text(who->ca_fingerprint));
	json_put(object, "not_after", json_time(who->not_after));
	json_print(object);
}

void trust_json_contexts(const struct output *to, const struct context_row *rows, size_t n)
{
	json_t *document = json_object(), *list = json_array();

	(void)to;
	for (size_t i = 0; i < n; i++) {
		json_t *object = json_object();

		json_put(object, "name", json_text(rows[i].name));
		json_put(object, "master", json_text(rows[i].address));
		json_put(object, "current", json_boolean(rows[i].is_current));
		json_put(object, "error", json_text(rows[i].error));
		json_array_append_new(list, object);
	}
	json_put(document, "contexts", list);
	json_print(document);
}

/* ---- tokens ---- */

static json_t *created(const Sloth__V1__CreateTokenResponse *token)
{
	json_t *object = json_object();

	json_put(object, "token", json_text(token->token));
	json_put(object, "id", json_text(token->id));
	json_put(object, "expires", json_time(token->expires));
	return object;
}

void trust_json_token(const struct output *to, const Sloth__V1__CreateTokenResponse *token)
{
	(void)to;
	json_print(created(token));
}

void trust_json_install(const struct output *to, const Sloth__V1__CreateTokenResponse *token,
			const struct install_lines *lines)
{
	json_t *object = created(token);

	(void)to;
	json_put(object, "architectures", strings(token->architectures, token->n_architectures));
	json_put(object, "install", json_text(lines->install));
	if (lines->device) {
		json_put(object, "incus_device", json_text(lines->device));
		json_put(object, "incus_exec", json_text(lines->exec));
		json_put(object, "incus_push", json_text(lines->push));
	}
	json_print(object);
}

static json_t *token_object(const Sloth__V1__Token *t)
{
	json_t *object = json_object();

	json_put(object, "id", json_text(t->id));
	json_put(object, "role", json_text(t->role));
	json_put(object, "name", json_text(t->name_glob));
	json_put(object, "uses_left", json_integer(t->uses_left));
	json_put(object, "created", json_time(t->created));
	json_put(object, "expires", json_time(t->expires));
	json_put(object, "created_by", json_text(t->created_by));
	json_put(object, "replace", json_boolean(t->replace));
	json_put(object, "revoked", json_boolean(t->revoked));
	return object;
}

void trust_json_tokens(const struct output *to, Sloth__V1__Token *const *tokens, size_t n)
{
	json_t *document = json_object(), *list = json_array();

	(void)to;
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, token_object(tokens[i]));
	json_put(document, "tokens", list);
	json_print(document);
}

/* ---- identities ---- */

static json_t *identity_list(Sloth__V1__Identity *const *identities, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const Sloth__V1__Identity *one = identities[i];
		json_t *object = json_object();

		json_put(object, "kind", json_text(one->kind));
		json_put(object, "name", json_text(one->name));
		json_put(object, "state", json_text(one->state));
		json_put(object, "fingerprint", json_text(one->fingerprint));
		json_put(object, "address", json_text(one->address));
		json_put(object, "from", json_text(one->from));
		json_put(object, "asked", json_time(one->asked));
		json_put(object, "not_after", json_time(one->not_after));
		json_put(object, "trust", json_text(one->trust));
		json_put(object, "holder", json_text(one->holder));
		json_put(object, "renewal_late", json_boolean(one->is_renewal_late));
		json_array_append_new(list, object);
	}
	return list;
}

void trust_json_identities(const struct output *to, Sloth__V1__Identity *const *identities, size_t n, const char *error)
{
	json_t *document = json_object();

	(void)to;
	json_put(document, "identities", identity_list(identities, n));
	if (error)
		json_put(document, "error", json_text(error));
	json_print(document);
}

void trust_json_decision(const struct output *to, const char *what, const Sloth__V1__DecisionResponse *decision,
			 const char *error)
{
	json_t *document = json_object();

	(void)to;
	json_put(document, "done", json_text(what));
	json_put(document, "identities", identity_list(decision->identities, decision->n_identities));
	json_put(document, "refusals", strings(decision->refusals, decision->n_refusals));
	if (error)
		json_put(document, "error", json_text(error));
	json_print(document);
}
