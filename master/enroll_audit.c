/*
 * enroll_audit.c - see enroll_audit.h.
 */
#include "master/enroll_audit.h"

#include <stdio.h>

#include "common/log.h"
#include "common/str.h"
#include "master/audit.h"
#include "master/master.h"

void enroll_who(struct master *m, struct wire_call *call, char out[ENROLL_WHO_MAX + 1])
{
	struct principal p;

	principal_of_call(&p, &m->users, call);
	if (*p.claims)
		snprintf(out, ENROLL_WHO_MAX + 1, "%.*s (claims %.*s)", ENROLL_WHO_MAX / 2 - 10, p.name, ENROLL_WHO_MAX / 2 - 10,
			 p.claims);
	else
		snprintf(out, ENROLL_WHO_MAX + 1, "%.*s", ENROLL_WHO_MAX, p.name);
}

void enroll_audit(struct master *m, struct wire_call *call, const struct enroll_event *e)
{
	char who[ENROLL_WHO_MAX + 1];
	struct principal p;
	const struct audit_event record = {
		.event = e->event, .who = &p, .agent = str_has_prefix(e->event, "agent.") ? e->name : NULL,
		.object = e->object ? e->object : e->name, .is_decided = true, .is_denied = e->is_denied, .reason = e->reason,
	};

	principal_of_call(&p, &m->users, call);
	if (m->audit)
		audit_note_past(m->audit, &record);
	enroll_who(m, call, who);
	log_info("%s %s%s%s by %s%s%s%s", e->event, str_quote(e->name), e->object ? " " : "", e->object ? e->object : "", who,
		 e->is_denied ? ": denied" : "", e->reason ? ": " : "", e->reason ? e->reason : "");
}
