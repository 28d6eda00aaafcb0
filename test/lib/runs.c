#include "test/lib/runs.h"

#include <check.h>
#include <string.h>

#include "common/clock.h"
#include "common/str.h"
#include "master/run_record.h"

struct world w;
struct fake web1;
struct record call;

void runs_register(void)
{
	struct record r;

	fake_register(&w, "web1", fake_address(&web1), &web1, &r);
	record_done(&r);
}

void runs_set_up(void)
{
	world_open(&w);
	fake_open(&w, &web1, "web1", false);
	runs_register();
}

void runs_tear_down(void)
{
	record_done(&call);
	fake_close(&web1);
	world_close(&w);
}

/* ---- runs ---- */

/* 16 bytes that all are this one. */
ProtobufCBinaryData runs_id(uint8_t byte)
{
	static uint8_t ids[256][RUN_ID_LEN];

	memset(ids[byte], byte, RUN_ID_LEN);
	return (ProtobufCBinaryData){ RUN_ID_LEN, ids[byte] };
}

bool runs_has_message(void *arg)
{
	const struct fake *f = arg;

	return f->run && f->n_messages;
}

static bool has_answer(void *arg)
{
	const struct record *r = arg;

	return r->n_messages > 0;
}

void runs_send_start(Sloth__V1__RunStart *start)
{
	Sloth__V1__RunInput input = SLOTH__V1__RUN_INPUT__INIT;

	record_done(&call);
	input.event_case = SLOTH__V1__RUN_INPUT__EVENT_START;
	input.start = start;
	world_call(&w, "/sloth.v1.Master/Run", &input.base, &call);
}

Sloth__V1__RunStart runs_start(uint8_t id)
{
	Sloth__V1__RunStart start = SLOTH__V1__RUN_START__INIT;

	start.agent_name = (char *)(uintptr_t)"web1";
	start.command = (char *)(uintptr_t)"make all";
	start.user = (char *)(uintptr_t)"daemon";
	start.run_id = runs_id(id);
	return start;
}

/* A Run whose start has reached the agent. */
void runs_begin(uint8_t id)
{
	Sloth__V1__RunStart start = runs_start(id);

	web1.n_messages = 0;
	runs_send_start(&start);
	pair_run(&w.turn, runs_has_message, &web1);
}

/* The agent says something, and the caller has it. */
void runs_answer(void)
{
	wire_send(web1.run, "x", 1);
	pair_run(&w.turn, has_answer, &call);
}

/* `start` may be NULL. */
void runs_resume(uint8_t id, const char *agent, Sloth__V1__RunStart *start)
{
	Sloth__V1__RunResume message = SLOTH__V1__RUN_RESUME__INIT;
	Sloth__V1__RunInput input = SLOTH__V1__RUN_INPUT__INIT;

	record_done(&call);
	message.agent_name = (char *)(uintptr_t)agent;
	message.run_id = runs_id(id);
	message.start = start;
	input.event_case = SLOTH__V1__RUN_INPUT__EVENT_RESUME;
	input.resume = &message;
	web1.n_messages = 0;
	world_call(&w, "/sloth.v1.Master/Run", &input.base, &call);
	pair_run(&w.turn, runs_has_message, &web1);
}

void runs_tell(const char *name, const char *value)
{
	wire_add_trailer(web1.run, &WIRE_FIELD(name, value));
}

void runs_end(enum wire_code code, const char *why)
{
	wire_end(web1.run, code, why);
	pair_run(&w.turn, pair_is, &call.ended);
}

void runs_end_exited(const char *code)
{
	runs_tell("sloth-state", "exited");
	runs_tell("sloth-exit", code);
	runs_tell("sloth-stdout-bytes", "11");
	runs_tell("sloth-stderr-bytes", "7");
	runs_tell("sloth-duration-ms", "1500");
	runs_tell("sloth-containment", "cgroup");
	runs_end(WIRE_OK, NULL);
}

/* ---- what the master says ---- */

Sloth__V1__ListRunsResponse *runs_list(const Sloth__V1__ListRunsRequest *request)
{
	static struct record r;

	record_done(&r);
	return world_ask(&w, "/sloth.v1.Master/ListRuns", &request->base, &sloth__v1__list_runs_response__descriptor, &r);
}

/* The run with that id, which has to be there. */
const Sloth__V1__RunRecord *runs_show(uint8_t id)
{
	Sloth__V1__ListRunsRequest request = SLOTH__V1__LIST_RUNS_REQUEST__INIT;
	const Sloth__V1__ListRunsResponse *response;
	char hex[RUN_ID_HEX];

	str_hex(runs_id(id).data, RUN_ID_LEN, hex);
	request.id_prefix = hex;
	response = runs_list(&request);
	ck_assert_uint_eq(response->n_runs, 1);
	ck_assert_mem_eq(response->runs[0]->run_id.data, runs_id(id).data, RUN_ID_LEN);
	return response->runs[0];
}

/* Until the run is in that state: each question turns the loop. */
void runs_expect(uint8_t id, const char *state)
{
	uint64_t until = mono_ms() + 10000;

	while (!str_equal(runs_show(id)->state, state))
		ck_assert_msg(mono_ms() < until, "it is %s, not %s", runs_show(id)->state, state);
}

bool runs_is_waiting(void *arg)
{
	const struct fake *f = arg;

	return f->waiting != NULL;
}

/* The agent answers the WaitRun that it has. */
void runs_answer_wait(const char *state, uint32_t code, const char *reason)
{
	Sloth__V1__RunRecord record = SLOTH__V1__RUN_RECORD__INIT;

	pair_run(&w.turn, runs_is_waiting, &web1);
	record.state = (char *)(uintptr_t)state;
	record.code = code;
	record.reason = (char *)(uintptr_t)reason;
	record.stdout_bytes = 5;
	wire_send_message(web1.waiting, &record.base);
	wire_end(web1.waiting, WIRE_OK, NULL);
}
