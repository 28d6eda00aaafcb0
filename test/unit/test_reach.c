/*
 * test_reach.c - each thing that dialling an agent can meet has a word, says what it is, and names the next command.
 */
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "master/reach.h"
#include "test/lib/unit.h"

static const struct {
	enum reach reach;
	const char *why;		/* as the connection says it */
	const char *words, *advice;	/* the advice begins so */
	const char *stopped;		/* the same of an agent that is not heard; NULL: no difference */
} rows[] = {
	{ REACH_DIRECT, "", "direct", "", NULL },
	{ REACH_TIMEOUT, "timeout: no answer within 2.8 s", "timeout", "on 10.0.0.7: sudo nft list ruleset", NULL },
	{ REACH_REFUSED, "refused", "refused",
	  "on 10.0.0.7: sudo incus config device add main sloth-proxy proxy listen=tcp:0.0.0.0:50052 connect=tcp:127.0.0.1:50051",
	  "on the agent's machine: sudo systemctl start slothd-agent (in a container: sudo incus exec main -- " },
	{ REACH_CLOSED, "TLS: the peer closed the connection", "closed: accepted, then closed before a byte came",
	  "on 10.0.0.7: sudo incus config device show main (its connect= has to be the port of the agent, which has to listen "
	  "there: --incus 10.0.0.7:50052)",
	  "on the agent's machine: sudo systemctl start slothd-agent (in a container: sudo incus exec main -- " },
	{ REACH_SILENT, "timeout: no answer", "silent: accepted, then nothing came: timeout",
	  "on 10.0.0.7: sudo ss -ltnp 'sport = :50052'", NULL },
	{ REACH_NOT_TLS, "TLS: the peer does not speak TLS", "not-tls: something else answers there, without TLS",
	  "on 10.0.0.7: sudo ss -ltnp 'sport = :50052' (give the agent a port of its own: --incus 10.0.0.7:50061)", NULL },
	{ REACH_NOT_GRPC, "TLS: the peer speaks TLS, but not gRPC (HTTP/2)", "not-grpc: something else answers there",
	  "on 10.0.0.7: sudo ss -ltnp", NULL },
	{ REACH_OTHER_AGENT, "TLS: name differs: that address answers as web2",
	  "other-agent: name differs: that address answers as web2",
	  "on 10.0.0.7: sudo incus config device set main sloth-proxy listen=tcp:0.0.0.0:50061, and in main: --incus 10.0.0.7:50061",
	  NULL },
	{ REACH_MASTER_ITSELF, "TLS: that address answers as master m", "master-itself: that address leads to this master",
	  "on 10.0.0.7: sudo incus config device add main sloth-proxy proxy listen=tcp:0.0.0.0:50061 connect=tcp:127.0.0.1:50051",
	  NULL },
	{ REACH_OTHER_CLUSTER, "", "other-cluster: what answers there has a certificate of another CA", "on 10.0.0.7: sudo ss", NULL },
	{ REACH_DATES, "TLS: expired; is a clock wrong?", "dates: expired; is a clock wrong?", "on the agent's machine: timedatectl", NULL },
	{ REACH_REVOKED, "TLS: the certificate was revoked", "revoked: the certificate was revoked",
	  "on the master: sloth token create --name main", NULL },
	{ REACH_NO_NAME, "name lookup failed: no", "no-name: name lookup failed: no", "on the master: getent hosts 10.0.0.7", NULL },
	{ REACH_NO_ROUTE, "no route to host", "no-route: no route to host", "on the master: ip route get 10.0.0.7", NULL },
	{ REACH_FAILED, "what it said", "what it said", "on the agent's machine: slothd-agent --doctor", NULL },
};

static void expect_advice(enum reach reach, const char *address, bool is_active, const char *begin)
{
	const struct reach_agent agent = { .name = "main", .address = address, .is_active = is_active };
	char *advice = reach_advice(reach, &agent);

	ck_assert_msg(!strncmp(advice ? advice : "", begin, strlen(begin)), "%s: %s", reach_name(reach), advice ? advice : "none");
	ck_assert_int_eq(!advice, !*begin);
	free(advice);
}

START_TEST(each_finding_has_words_and_a_next_command)
{
	bool seen[REACH_N] = { [REACH_UNKNOWN] = true };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *words = reach_words(rows[i].reach, rows[i].why);

		ck_assert_str_eq(words, rows[i].words);
		ck_assert_msg(rows[i].reach == REACH_FAILED || !strncmp(words, reach_name(rows[i].reach), strlen(reach_name(rows[i].reach))),
			      "%s does not begin with its name", words);
		free(words);
		expect_advice(rows[i].reach, "10.0.0.7:50052", true, rows[i].advice);
		expect_advice(rows[i].reach, "10.0.0.7:50052", false, rows[i].stopped ? rows[i].stopped : rows[i].advice);
		seen[rows[i].reach] = true;
	}
	for (unsigned i = 0; i < REACH_N; i++)
		ck_assert_msg(seen[i], "%s has no row", reach_name((enum reach)i));
}
END_TEST

START_TEST(advice_fits_the_address)
{
	expect_advice(REACH_NO_ROUTE, "[fe80::1]:50052", true, "on the master: ip route get fe80::1 ");
	expect_advice(REACH_TIMEOUT, "[fe80::1]:50052", true, "on [fe80::1]: ");
	expect_advice(REACH_NOT_TLS, "h:50061", true, "on h: sudo ss -ltnp 'sport = :50061' (give the agent a port of its own: --incus h:50062)");
	expect_advice(REACH_REFUSED, "[fd00::1]:50061", true,
		      "on [fd00::1]: sudo incus config device add main sloth-proxy proxy listen=tcp:[::]:50061 connect=");
	expect_advice(REACH_OTHER_AGENT, "[fd00::1]:50052", true,
		      "on [fd00::1]: sudo incus config device set main sloth-proxy listen=tcp:[::]:50061, and in main: ");
	expect_advice(REACH_NOT_TLS, "nonsense", true, "");
}
END_TEST

/* There is no forward most often: the machine itself comes first. */
START_TEST(at_the_port_of_agents_their_machine_comes_first)
{
	expect_advice(REACH_REFUSED, "10.0.0.7:50051", true,
		      "on the agent's machine: slothd-agent --doctor (in a container, on 10.0.0.7: sudo incus config device add main "
		      "sloth-proxy proxy listen=tcp:0.0.0.0:50051 connect=tcp:127.0.0.1:50051)");
	expect_advice(REACH_CLOSED, "10.0.0.7:50051", true,
		      "on the agent's machine: slothd-agent --doctor (in a container, on 10.0.0.7: sudo incus config device show main)");
	expect_advice(REACH_REFUSED, "10.0.0.7:50051", false, "on the agent's machine: sudo systemctl start slothd-agent ");
	expect_advice(REACH_TIMEOUT, "10.0.0.7:50051", true, "on 10.0.0.7: sudo nft list ruleset");
}
END_TEST

START_TEST(a_key_that_waits_is_accepted_first)
{
	const struct reach_agent agent = { .name = "main", .address = "10.0.0.7:50052", .accept = "sloth agent accept main --replace" };
	char *advice = reach_advice(REACH_CLOSED, &agent);

	ck_assert_str_eq(advice, "on the master: sloth agent accept main --replace (a key waits under this name: sloth agent pending)");
	free(advice);
	advice = reach_advice(REACH_TIMEOUT, &agent);
	ck_assert(str_has_prefix(advice, "on 10.0.0.7: sudo nft"));
	free(advice);
}
END_TEST

UNIT_MAIN(each_finding_has_words_and_a_next_command, advice_fits_the_address, at_the_port_of_agents_their_machine_comes_first,
	  a_key_that_waits_is_accepted_first)
