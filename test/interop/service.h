/*
 * service.h - grpc.testing.TestService on the wire layer, as the public interop description has it. Calls
 * of UnimplementedCall and UnimplementedService end as those of any unknown method do.
 */
#ifndef TEST_INTEROP_SERVICE_H
#define TEST_INTEROP_SERVICE_H

#include "wire/wire.h"

void service_serve(struct wire *wire);

#endif
