/*
 * service.h - the service that the CLI uses, sloth.v1.Master: Run, Ping, Status, Audit.
 */
#ifndef MASTER_SERVICE_H
#define MASTER_SERVICE_H

struct master;

void service_serve(struct master *m);

#endif
