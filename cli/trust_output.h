/*
 * trust_output.h - results about identities and tokens, for the tables of output_text.c and output_json.c.
 */
#ifndef CLI_TRUST_OUTPUT_H
#define CLI_TRUST_OUTPUT_H

#include "cli/output.h"

void trust_text_login(const struct output *to, const struct login_result *login);
void trust_text_whoami(const struct output *to, const Sloth__V1__WhoAmIResponse *who);
void trust_text_contexts(const struct output *to, const struct context_row *rows, size_t n);
void trust_text_token(const struct output *to, const Sloth__V1__CreateTokenResponse *token);
void trust_text_install(const struct output *to, const Sloth__V1__CreateTokenResponse *token,
			const struct install_lines *lines);
void trust_text_tokens(const struct output *to, Sloth__V1__Token *const *tokens, size_t n);
void trust_text_identities(const struct output *to, Sloth__V1__Identity *const *identities, size_t n, const char *error);
void trust_text_decision(const struct output *to, const char *what, const Sloth__V1__DecisionResponse *decision,
			 const char *error);

void trust_json_login(const struct output *to, const struct login_result *login);
void trust_json_whoami(const struct output *to, const Sloth__V1__WhoAmIResponse *who);
void trust_json_contexts(const struct output *to, const struct context_row *rows, size_t n);
void trust_json_token(const struct output *to, const Sloth__V1__CreateTokenResponse *token);
void trust_json_install(const struct output *to, const Sloth__V1__CreateTokenResponse *token,
			const struct install_lines *lines);
void trust_json_tokens(const struct output *to, Sloth__V1__Token *const *tokens, size_t n);
void trust_json_identities(const struct output *to, Sloth__V1__Identity *const *identities, size_t n, const char *error);
void trust_json_decision(const struct output *to, const char *what, const Sloth__V1__DecisionResponse *decision,
			 const char *error);

#endif
