/*
 * agent_doctor.c - `sloth agent doctor NAME`.
 */
#include "cli/agent_name.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "common/exits.h"
#include "common/str.h"

static int on_answer(const void *message, const struct output *output, void *arg)
{
	const Sloth__V1__ExamineResponse *response = message;
	int status = EXIT_OK;

	output->ops->findings(output, arg, response);
	for (size_t i = 0; i < response->n_findings; i++) {
		if (str_equal(response->findings[i]->result, "failed"))
			status = EXIT_FAILED;
	}
	return status;
}

int agent_doctor_main(void *options, int argc, char **argv)
{
	Sloth__V1__ExamineRequest request = SLOTH__V1__EXAMINE_REQUEST__INIT;
	const struct client_question question = {
		.what = "agent doctor",
		.path = "/sloth.v1.Master/ExamineAgent",
		.request = &request.base,
		.response = &sloth__v1__examine_response__descriptor,
		.answer = on_answer,
		.arg = argv[0],
	};

	(void)argc;
	request.agent_name = argv[0];
	if (!agent_name_check(options, "agent doctor", argv[0]))
		return EXIT_USAGE;
	return client_ask(options, &question);
}
