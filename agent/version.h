/* version.h - --version: of slothd-agent and the libraries that it has. */
#ifndef AGENT_VERSION_H
#define AGENT_VERSION_H

void agent_print_version(void);

#endif
