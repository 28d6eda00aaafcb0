/*
 * whoami.c - `sloth whoami`.
 */
#include "cli/client.h"
#include "cli/commands.h"
#include "common/exits.h"

static int on_answer(const void *message, const struct output *output, void *arg)
{
	(void)arg;
	output->ops->whoami(output, message);
	return EXIT_OK;
}

int whoami_main(void *options, int argc, char **argv)
{
	const Sloth__V1__WhoAmIRequest request = SLOTH__V1__WHO_AM_IREQUEST__INIT;
	const struct client_question question = {
		.what = "whoami",
		.path = "/sloth.v1.Master/WhoAmI",
		.request = &request.base,
		.response = &sloth__v1__who_am_iresponse__descriptor,
		.answer = on_answer,
	};

	(void)argc;
	(void)argv;
	return client_ask(options, &question);
}
