/*
 * health.h - grpc.health.v1: is this server serving? (grpc/grpc doc/health-checking.md)
 */
#ifndef WIRE_HEALTH_H
#define WIRE_HEALTH_H

struct wire;
struct health;

/* The answer has changed: those who watch are told. Without wire_serve_health() nothing happens. */
void health_changed(struct wire *wire);
void health_free(struct health *h);

#endif
