/*
 * status.c - `sloth status`.
 */
#include "cli/client.h"
#include "cli/commands.h"
#include "common/exits.h"

static int on_answer(const void *message, const struct output *output, void *arg)
{
	(void)arg;
	output->ops->status(output, message);
	return EXIT_OK;
}

int status_main(void *options, int argc, char **argv)
{
	const Sloth__V1__StatusRequest request = SLOTH__V1__STATUS_REQUEST__INIT;
	const struct client_question question = {
		.what = "status",
		.path = "/sloth.v1.Master/Status",
		.request = &request.base,
		.response = &sloth__v1__status_response__descriptor,
		.answer = on_answer,
	};

	(void)argc;
	(void)argv;
	return client_ask(options, &question);
}
